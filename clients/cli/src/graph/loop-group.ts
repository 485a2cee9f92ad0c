import type { Diagram } from './diagram.js';
import { center_of } from './geometry.js';
import { ink } from './palette.js';
import type { Frame, Layout } from './placement.js';
import type { RunOverlay } from './run-overlay.js';
import { fit_text, type TypeFace } from './text-fit.js';
import { element, type Markup, text } from './xml.js';

const label_face: TypeFace = { size: 11, style: 'bold' };
const label_inset = 12;
/** Room kept beside a line into the loop's box, and the most that each further line takes to either side. */
const line_clearance = 12;
const per_further_line = 8;
const room_for_count = 80;

/** The shaded frame around a loop step and its body, labelled with the step's name. */
export function draw_loop_group(diagram: Diagram, layout: Layout, frame: Frame, overlay?: RunOverlay): Markup {
  const step = diagram.steps[frame.loop];
  const name = step?.name ?? '';
  const open = overlay?.open_iterations.get(frame.loop);
  const { x, y, width, height } = frame;
  const lines_in = diagram.edges.filter((edge) => edge.to === frame.loop && !edge.is_back).length;
  const rooms = label_rooms(layout, frame, lines_in);
  const left = x + label_inset;
  const right = x + width - label_inset;
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
      fill: ink.loop_fill,
      'fill-opacity': 0.06,
      stroke: ink.loop_fill,
      'stroke-opacity': 0.3,
    }),
    strip_text(fit_text(name, rooms.left, label_face), left, y),
    ...(open === undefined ? [] : [strip_text(fit_text(`${open} open`, rooms.right, label_face), right, y, 'end')]),
  );
}

function strip_text(content: string, x: number, y: number, anchor?: 'end'): Markup {
  const look = { 'font-size': label_face.size, 'font-weight': 600, fill: ink.loop_text };
  return element('text', { x, y: y + 20, 'text-anchor': anchor, ...look }, text(content));
}

/** Top to bottom the lines into the loop's box divide the strip along the upper edge; left to right nothing does. */
function label_rooms({ boxes, direction }: Layout, frame: Frame, lines_in: number): { left: number; right: number } {
  const whole = frame.width - 2 * label_inset;
  const box = boxes[frame.loop];
  if (direction === 'LR' || box === undefined) return { left: whole - room_for_count, right: room_for_count };
  const clearance = line_clearance + Math.min(box.width / 2, Math.max(0, lines_in - 1) * per_further_line);
  const left = center_of(box).x - clearance - frame.x - label_inset;
  return { left, right: whole - left - 2 * clearance };
}
