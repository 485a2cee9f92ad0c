import type { DiagramEdge } from './diagram.js';
import { rectAround, type Size, type Stroke } from './geometry.js';
import { ink, monoFamily } from './palette.js';
import type { Route, StartMark, Tip } from './placement.js';
import type { EdgeProgress } from './run-overlay.js';
import { fitText, oneLine, type TypeFace, textWidth } from './text-fit.js';
import { tipLength } from './weave.js';
import { type Attributes, coordinate, element, type Markup, text } from './xml.js';

const portFace: TypeFace = { size: 11, style: 'bold' };
const conditionFace: TypeFace = { size: 10.5, style: 'mono' };
const maxTextWidth = 168;
const lineHeight = 15;
const labelPadding: Size = { width: 8, height: 3 };

interface LabelLine {
  readonly content: string;
  readonly face: TypeFace;
}

/** Size of the label with an edge's ports and condition, null if it has none. */
export function edgeLabelSize(edge: DiagramEdge): Size | null {
  const written = labelLines(edge);
  if (written.length === 0) return null;
  const width = Math.max(...written.map(({ content, face }) => textWidth(content, face)));
  return {
    width: Math.ceil(width) + 2 * labelPadding.width,
    height: written.length * lineHeight + 2 * labelPadding.height,
  };
}

/** The line of an edge with its arrowhead. */
export function drawEdge(
  edge: DiagramEdge,
  ends: { from: string; to: string },
  route: Route,
  progress?: EdgeProgress,
): Markup {
  const color = edgeColor(edge, progress);
  const classes = ['edge', edge.isError ? 'error' : '', edge.isBack ? 'back' : '', progress ?? ''];
  return element(
    'g',
    { class: classes.filter((name) => name !== '').join(' '), 'data-from': ends.from, 'data-to': ends.to },
    element('title', {}, text(edgeTitle(edge, ends))),
    element('path', {
      class: 'line',
      d: pathData(route.strokes),
      fill: 'none',
      stroke: color,
      'stroke-width': progress === 'taken' ? 2.6 : 1.5,
      'stroke-dasharray': edge.isError || edge.isBack ? '6 4' : undefined,
    }),
    ...(route.tip === null ? [] : [arrowhead(route.tip, color)]),
  );
}

/** The label of an edge on a pill. */
export function drawEdgeLabel(
  edge: DiagramEdge,
  ends: { from: string; to: string },
  route: Route,
  progress?: EdgeProgress,
): Markup[] {
  const size = edgeLabelSize(edge);
  if (size === null || route.label === null) return [];
  const rect = rectAround(route.label, size);
  const color = edgeColor(edge, progress);
  const pill: Attributes = { class: 'label', ...rect, rx: 8, fill: ink.paper, stroke: color, 'stroke-opacity': 0.45 };
  const middle = rect.x + rect.width / 2;
  const written = labelLines(edge).map(({ content, face }, place) => {
    const isCondition = face === conditionFace;
    return element(
      'text',
      {
        x: middle,
        y: rect.y + labelPadding.height + lineHeight * place + 11.2,
        'text-anchor': 'middle',
        'font-size': face.size,
        'font-weight': isCondition ? undefined : 600,
        'font-family': isCondition ? monoFamily : undefined,
        fill: color === ink.faintEdge ? ink.line : color,
      },
      text(content),
    );
  });
  return [
    element(
      'g',
      { class: 'edge-label' },
      element('title', {}, text(edgeTitle(edge, ends))),
      element('rect', pill),
      ...written,
    ),
  ];
}

/** The dot that points at the entrypoint. */
export function drawStart(start: StartMark): Markup {
  return element(
    'g',
    { class: 'start' },
    element('title', {}, text('start')),
    element('path', { d: pathData(start.route.strokes), fill: 'none', stroke: ink.text, 'stroke-width': 1.5 }),
    element('circle', { cx: start.dot.x, cy: start.dot.y, r: 7, fill: ink.text }),
    ...(start.route.tip === null ? [] : [arrowhead(start.route.tip, ink.text)]),
  );
}

function edgeColor(edge: DiagramEdge, progress: EdgeProgress | undefined): string {
  if (edge.isError) return progress === 'idle' ? ink.faintErrorEdge : ink.errorEdge;
  if (progress === 'taken') return ink.takenEdge;
  if (progress === 'idle') return ink.faintEdge;
  return edge.isBack ? ink.loopEdge : ink.edge;
}

function edgeTitle(edge: DiagramEdge, ends: { from: string; to: string }): string {
  const ports = edge.ports === '' ? '' : ` (${edge.ports})`;
  return `${ends.from} → ${ends.to}${ports}${edge.condition === '' ? '' : `\nif ${edge.condition}`}`;
}

function labelLines({ ports, condition }: DiagramEdge): LabelLine[] {
  const written: LabelLine[] = [];
  if (ports !== '') written.push({ content: fitText(ports, maxTextWidth, portFace), face: portFace });
  if (oneLine(condition) !== '') {
    written.push({ content: fitText(condition, maxTextWidth, conditionFace), face: conditionFace });
  }
  return written;
}

function pathData(strokes: readonly Stroke[]): string {
  const written = strokes.map(({ kind, points }) => {
    const numbers = points.map(({ x, y }) => `${coordinate(x)} ${coordinate(y)}`);
    return `${kind}${numbers.join(' ')}`;
  });
  return written.join('');
}

function arrowhead({ at, heading }: Tip, color: string): Markup {
  const corner = (side: number): string => {
    const x = at.x - heading.x * tipLength - heading.y * side * 4;
    const y = at.y - heading.y * tipLength + heading.x * side * 4;
    return `${coordinate(x)} ${coordinate(y)}`;
  };
  const d = `M${coordinate(at.x)} ${coordinate(at.y)}L${corner(1)} ${corner(-1)}Z`;
  return element('path', { class: 'tip', d, fill: color });
}
