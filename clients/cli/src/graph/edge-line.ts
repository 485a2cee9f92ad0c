import type { DiagramEdge } from './diagram.js';
import { rect_around, type Size, type Stroke } from './geometry.js';
import { ink, mono_family } from './palette.js';
import type { Route, StartMark, Tip } from './placement.js';
import type { EdgeProgress } from './run-overlay.js';
import { fit_text, one_line, type TypeFace, text_width } from './text-fit.js';
import { tip_length } from './weave.js';
import { type Attributes, coordinate, element, type Markup, text } from './xml.js';

const port_face: TypeFace = { size: 11, style: 'bold' };
const condition_face: TypeFace = { size: 10.5, style: 'mono' };
const widest_text = 168;
const line_height = 15;
const label_padding: Size = { width: 8, height: 3 };

interface LabelLine {
  readonly content: string;
  readonly face: TypeFace;
}

/** Room for what an edge says of its ports and condition; null if there is nothing to say. */
export function edge_label_size(edge: DiagramEdge): Size | null {
  const written = label_lines(edge);
  if (written.length === 0) return null;
  const width = Math.max(...written.map(({ content, face }) => text_width(content, face)));
  return {
    width: Math.ceil(width) + 2 * label_padding.width,
    height: written.length * line_height + 2 * label_padding.height,
  };
}

/** The line of an edge with its arrowhead. */
export function draw_edge(
  edge: DiagramEdge,
  ends: { from: string; to: string },
  route: Route,
  progress?: EdgeProgress,
): Markup {
  const color = edge_color(edge, progress);
  const classes = ['edge', edge.is_error ? 'error' : '', edge.is_back ? 'back' : '', progress ?? ''];
  return element(
    'g',
    { class: classes.filter((name) => name !== '').join(' '), 'data-from': ends.from, 'data-to': ends.to },
    element('title', {}, text(edge_title(edge, ends))),
    element('path', {
      class: 'line',
      d: path_data(route.strokes),
      fill: 'none',
      stroke: color,
      'stroke-width': progress === 'taken' ? 2.6 : 1.5,
      'stroke-dasharray': edge.is_error || edge.is_back ? '6 4' : undefined,
    }),
    ...(route.tip === null ? [] : [arrowhead(route.tip, color)]),
  );
}

/** What the edge says, on a pill of its own. */
export function draw_edge_label(
  edge: DiagramEdge,
  ends: { from: string; to: string },
  route: Route,
  progress?: EdgeProgress,
): Markup[] {
  const size = edge_label_size(edge);
  if (size === null || route.label === null) return [];
  const rect = rect_around(route.label, size);
  const color = edge_color(edge, progress);
  const pill: Attributes = { class: 'label', ...rect, rx: 8, fill: ink.paper, stroke: color, 'stroke-opacity': 0.45 };
  const middle = rect.x + rect.width / 2;
  const written = label_lines(edge).map(({ content, face }, place) => {
    const is_condition = face === condition_face;
    return element(
      'text',
      {
        x: middle,
        y: rect.y + label_padding.height + line_height * place + 11.2,
        'text-anchor': 'middle',
        'font-size': face.size,
        'font-weight': is_condition ? undefined : 600,
        'font-family': is_condition ? mono_family : undefined,
        fill: color === ink.faint_edge ? ink.line : color,
      },
      text(content),
    );
  });
  return [
    element(
      'g',
      { class: 'edge-label' },
      element('title', {}, text(edge_title(edge, ends))),
      element('rect', pill),
      ...written,
    ),
  ];
}

/** The dot that points at the entrypoint. */
export function draw_start(start: StartMark): Markup {
  return element(
    'g',
    { class: 'start' },
    element('title', {}, text('start')),
    element('path', { d: path_data(start.route.strokes), fill: 'none', stroke: ink.text, 'stroke-width': 1.5 }),
    element('circle', { cx: start.dot.x, cy: start.dot.y, r: 7, fill: ink.text }),
    ...(start.route.tip === null ? [] : [arrowhead(start.route.tip, ink.text)]),
  );
}

function edge_color(edge: DiagramEdge, progress: EdgeProgress | undefined): string {
  if (edge.is_error) return progress === 'idle' ? ink.faint_error_edge : ink.error_edge;
  if (progress === 'taken') return ink.taken_edge;
  if (progress === 'idle') return ink.faint_edge;
  return edge.is_back ? ink.loop_edge : ink.edge;
}

function edge_title(edge: DiagramEdge, ends: { from: string; to: string }): string {
  const ports = edge.ports === '' ? '' : ` (${edge.ports})`;
  return `${ends.from} → ${ends.to}${ports}${edge.condition === '' ? '' : `\nif ${edge.condition}`}`;
}

function label_lines({ ports, condition }: DiagramEdge): LabelLine[] {
  const written: LabelLine[] = [];
  if (ports !== '') written.push({ content: fit_text(ports, widest_text, port_face), face: port_face });
  if (one_line(condition) !== '') {
    written.push({ content: fit_text(condition, widest_text, condition_face), face: condition_face });
  }
  return written;
}

function path_data(strokes: readonly Stroke[]): string {
  const written = strokes.map(({ kind, points }) => {
    const numbers = points.map(({ x, y }) => `${coordinate(x)} ${coordinate(y)}`);
    return `${kind}${numbers.join(' ')}`;
  });
  return written.join('');
}

function arrowhead({ at, heading }: Tip, color: string): Markup {
  const corner = (side: number): string => {
    const x = at.x - heading.x * tip_length - heading.y * side * 4;
    const y = at.y - heading.y * tip_length + heading.x * side * 4;
    return `${coordinate(x)} ${coordinate(y)}`;
  };
  const d = `M${coordinate(at.x)} ${coordinate(at.y)}L${corner(1)} ${corner(-1)}Z`;
  return element('path', { class: 'tip', d, fill: color });
}
