import type { Segment } from '@llmteam/contracts';
import { type Caption, drawHead, drawLegend, headSize, legendHeight, readCaption } from './caption.js';
import { type Diagram, readDiagram } from './diagram.js';
import type { DrawOptions } from './draw-options.js';
import { drawEdge, drawEdgeLabel, drawStart, edgeLabelSize } from './edge-line.js';
import type { Size } from './geometry.js';
import { layOut } from './layout.js';
import { drawLoopGroup } from './loop-group.js';
import { ink, textFamily } from './palette.js';
import type { Layout } from './placement.js';
import { edgeProgress, overlayRun, type RunOverlay } from './run-overlay.js';
import { drawStep, stepBoxSize } from './step-box.js';
import { element, lines, type Markup, text } from './xml.js';

const margin = 24;
const headGap = 20;
const legendGap = 16;
const minWidth = 280;

/**
 * Draws a segment, or a run of it, as a self-contained SVG document with its own background. All text is escaped, and the output
 * is deterministic. Width and height are in pixels. Throws `LIMIT_EXCEEDED` for more than 2,000 steps or 4,000 edges, and
 * `SEGMENT_INVALID` if two steps share an id or an edge references an unknown step.
 */
export function drawSvg(segment: Segment, options: DrawOptions = {}): string {
  const diagram = readDiagram(segment);
  const overlay = options.view === undefined ? undefined : overlayRun(diagram, options.view);
  const caption = readCaption(diagram, options.title, overlay);
  const layout = layOut(diagram, {
    boxes: diagram.steps.map((step, place) => stepBoxSize(step, overlay?.steps[place])),
    labels: diagram.edges.map(edgeLabelSize),
  });
  return `${document(diagram, caption, layout, overlay)}\n`;
}

function document(diagram: Diagram, caption: Caption, layout: Layout, overlay: RunOverlay | undefined): Markup {
  const head = headSize(caption);
  const inner = Math.max(minWidth, Math.ceil(layout.width), head.width);
  const legend = legendHeight(caption, inner);
  const top = margin + head.height + headGap;
  const size: Size = {
    width: inner + 2 * margin,
    height: Math.ceil(top + layout.height + (legend === 0 ? 0 : legendGap + legend) + margin),
  };
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      ...size,
      viewBox: `0 0 ${size.width} ${size.height}`,
      role: 'img',
      'aria-labelledby': 'llmteam-graph-title llmteam-graph-desc',
      'font-family': textFamily,
    },
    lines([
      element('title', { id: 'llmteam-graph-title' }, text(caption.title)),
      element('desc', { id: 'llmteam-graph-desc' }, text(describe(diagram, caption))),
      element('rect', {
        class: 'paper',
        x: 0.5,
        y: 0.5,
        width: size.width - 1,
        height: size.height - 1,
        rx: 12,
        fill: ink.paper,
        stroke: ink.rim,
      }),
      moved(margin, margin, [drawHead(caption, inner)]),
      moved(margin + (inner - layout.width) / 2, top, graphParts(diagram, layout, overlay)),
      ...(legend === 0 ? [] : [moved(margin, size.height - margin - legend, [drawLegend(caption, inner)])]),
    ]),
  );
}

/** From back to front: frames, lines, boxes, labels. */
function graphParts(diagram: Diagram, layout: Layout, overlay: RunOverlay | undefined): Markup[] {
  const { steps, edges, entrypoint } = diagram;
  const routed = edges.flatMap((edge, place) => {
    const route = layout.routes[place];
    const ends = { from: steps[edge.from]?.step_id ?? '', to: steps[edge.to]?.step_id ?? '' };
    const progress = overlay === undefined ? undefined : edgeProgress(overlay, edge);
    return route === undefined ? [] : [{ edge, ends, route, progress }];
  });
  const ordered = [...routed].sort((a, b) => Number(a.progress === 'taken') - Number(b.progress === 'taken'));
  return [
    ...layout.frames.map((frame) => drawLoopGroup(diagram, layout, frame, overlay)),
    ...ordered.map(({ edge, ends, route, progress }) => drawEdge(edge, ends, route, progress)),
    ...(layout.start === null ? [] : [drawStart(layout.start)]),
    ...steps.flatMap((step, place) => {
      const rect = layout.boxes[place];
      return rect === undefined ? [] : [drawStep(step, rect, place === entrypoint, overlay?.steps[place])];
    }),
    ...routed.flatMap(({ edge, ends, route, progress }) => drawEdgeLabel(edge, ends, route, progress)),
  ];
}

function moved(x: number, y: number, parts: readonly Markup[]): Markup {
  return element('g', { transform: `translate(${Math.round(x)} ${Math.round(y)})` }, lines(parts));
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function describe({ segment, steps, edges }: Diagram, caption: Caption): string {
  const loops = steps.filter((step) => step.hasBody).length;
  const parts = [
    `Workflow of ${counted(steps.length, 'step')} and ${counted(edges.length, 'edge')}, starting at ${segment.entrypoint}.`,
  ];
  if (loops > 0) parts.push(`Loops: ${loops}.`);
  if (caption.chip !== null) parts.push(`Run: ${caption.chip.content}.`);
  return parts.join(' ');
}
