import { center_of, type Point, type Rect, type Size, type Stroke } from './geometry.js';
import type { Direction, Tip } from './placement.js';
import { tip_length } from './weave.js';

/** Room between a frame and what it holds. Start and end are along the flow, near and far across it. */
export interface Padding {
  readonly start: number;
  readonly end: number;
  readonly near: number;
  readonly far: number;
}

const gap = 16;
/** Strip along the upper edge of the picture's frame that holds its label. */
const label_strip = 34;
const way_back_room = 20;
const corner = 10;
/** Least room for the label beside the line into the loop's box. */
const narrowest = 250;
/** A box this far off the middle is brought there, so that the line into the frame is straight. */
const recentred_within = 60;

/** Padding of a frame around `content`; `header` is the loop's own box in it. */
export function frame_padding(direction: Direction, content: Size, header: Rect, comes_back: boolean): Padding {
  const extra = comes_back ? way_back_room : 0;
  const downwards = direction === 'TB';
  const start = downwards ? label_strip : gap;
  const near = downwards ? gap : label_strip;
  const far = gap + extra;
  const missing = downwards ? Math.max(0, narrowest - near - far - content.width) / 2 : 0;
  const middle = center_of(header).x;
  const lopsided = near + middle - (content.width - middle + far);
  const shift = Math.abs(lopsided) <= recentred_within ? lopsided : 0;
  return {
    start,
    end: gap + extra,
    near: near + missing + Math.max(0, -shift),
    far: far + missing + Math.max(0, shift),
  };
}

/** From where the edges to `next` meet, below the body, around its far side to the loop's box. */
export function way_back(meeting: Point, header: Rect, content: Size): { strokes: Stroke[]; tip: Tip } {
  const bottom = content.height + way_back_room / 2;
  const lane = content.width + way_back_room - 4;
  const level = center_of(header).y;
  const at = { x: header.x + header.width, y: level };
  return {
    strokes: [
      line(meeting.x, bottom - corner),
      turn({ x: meeting.x, y: bottom }, { x: meeting.x + corner, y: bottom }),
      line(lane - corner, bottom),
      turn({ x: lane, y: bottom }, { x: lane, y: bottom - corner }),
      line(lane, level + corner),
      turn({ x: lane, y: level }, { x: lane - corner, y: level }),
      line(at.x + tip_length - 1, level),
    ],
    tip: { at, heading: { x: -1, y: 0 } },
  };
}

function line(x: number, y: number): Stroke {
  return { kind: 'L', points: [{ x, y }] };
}

function turn(at: Point, to: Point): Stroke {
  return { kind: 'Q', points: [at, to] };
}

/** Width kept free beside a box with an edge to itself. */
export const self_loop_room = 30;

/** An edge from a step to itself: out of its far side and back. */
export function self_loop(box: Rect): { strokes: Stroke[]; tip: Tip } {
  const edge = box.x + box.width;
  const middle = center_of(box).y;
  const reach = Math.min(9, box.height / 4);
  const out = { x: edge + self_loop_room, y: middle - reach * 1.6 };
  const back = { x: edge + self_loop_room, y: middle + reach };
  const at = { x: edge, y: middle + reach };
  return {
    strokes: [
      { kind: 'M', points: [{ x: edge, y: middle - reach }] },
      { kind: 'C', points: [out, back, { x: at.x + tip_length - 1, y: at.y }] },
    ],
    tip: { at, heading: { x: -1, y: 0 } },
  };
}
