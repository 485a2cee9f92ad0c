import type { Diagram } from './diagram.js';
import { centerOf } from './geometry.js';
import { ink } from './palette.js';
import type { Frame, Layout } from './placement.js';
import type { RunOverlay } from './run-overlay.js';
import { fitText, type TypeFace } from './text-fit.js';
import { element, type Markup, text } from './xml.js';

const labelFace: TypeFace = { size: 11, style: 'bold' };
const labelInset = 12;
/** Clearance beside a line into the loop's box, and the maximum width each further line adds on either side. */
const lineClearance = 12;
const perFurtherLine = 8;
const roomForCount = 80;

/** The shaded frame around a loop step and its body, labelled with the step's name. */
export function drawLoopGroup(diagram: Diagram, layout: Layout, frame: Frame, overlay?: RunOverlay): Markup {
  const step = diagram.steps[frame.loop];
  const name = step?.name ?? '';
  const open = overlay?.openIterations.get(frame.loop);
  const { x, y, width, height } = frame;
  const linesIn = diagram.edges.filter((edge) => edge.to === frame.loop && !edge.isBack).length;
  const rooms = labelRooms(layout, frame, linesIn);
  const left = x + labelInset;
  const right = x + width - labelInset;
  return element(
    'g',
    { class: 'loop', 'data-loop': step?.step_id },
    element('title', {}, text(`each iteration of ${name}${open === undefined ? '' : `\n${open} open`}`)),
    element('rect', {
      class: 'region',
      x,
      y,
      width,
      height,
      rx: 14,
      fill: ink.loopFill,
      'fill-opacity': 0.06,
      stroke: ink.loopFill,
      'stroke-opacity': 0.3,
    }),
    stripText(fitText(name, rooms.left, labelFace), left, y),
    ...(open === undefined ? [] : [stripText(fitText(`${open} open`, rooms.right, labelFace), right, y, 'end')]),
  );
}

function stripText(content: string, x: number, y: number, anchor?: 'end'): Markup {
  const look = { 'font-size': labelFace.size, 'font-weight': 600, fill: ink.loopText };
  return element('text', { x, y: y + 20, 'text-anchor': anchor, ...look }, text(content));
}

/** In top-to-bottom layouts, the lines into the loop's box divide the strip along the upper edge. */
function labelRooms({ boxes, direction }: Layout, frame: Frame, linesIn: number): { left: number; right: number } {
  const whole = frame.width - 2 * labelInset;
  const box = boxes[frame.loop];
  if (direction === 'LR' || box === undefined) return { left: whole - roomForCount, right: roomForCount };
  const clearance = lineClearance + Math.min(box.width / 2, Math.max(0, linesIn - 1) * perFurtherLine);
  const left = centerOf(box).x - clearance - frame.x - labelInset;
  return { left, right: whole - left - 2 * clearance };
}
