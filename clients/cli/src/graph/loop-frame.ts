import { centerOf, type Point, type Rect, type Size, type Stroke } from './geometry.js';
import type { Direction, Tip } from './placement.js';
import { tipLength } from './weave.js';

/** Space between a frame and its contents. Start and end are along the flow, near and far across it. */
export interface Padding {
  readonly start: number;
  readonly end: number;
  readonly near: number;
  readonly far: number;
}

const gap = 16;
/** Height of the label strip along the upper edge of a frame. */
const labelStrip = 34;
const wayBackRoom = 20;
const corner = 10;
/** Minimum width of the label beside the line into the loop's box. */
const narrowest = 250;
/** A box at most this far off centre is centred, so that the line into the frame is straight. */
const recentredWithin = 60;

/** Padding of a frame around `content`; `header` is the loop's own box in it. */
export function framePadding(direction: Direction, content: Size, header: Rect, comesBack: boolean): Padding {
  const extra = comesBack ? wayBackRoom : 0;
  const downwards = direction === 'TB';
  const start = downwards ? labelStrip : gap;
  const near = downwards ? gap : labelStrip;
  const far = gap + extra;
  const missing = downwards ? Math.max(0, narrowest - near - far - content.width) / 2 : 0;
  const middle = centerOf(header).x;
  const lopsided = near + middle - (content.width - middle + far);
  const shift = Math.abs(lopsided) <= recentredWithin ? lopsided : 0;
  return {
    start,
    end: gap + extra,
    near: near + missing + Math.max(0, -shift),
    far: far + missing + Math.max(0, shift),
  };
}

/** The path from the meeting point of the edges to `next`, below the body, around its far side to the loop's box. */
export function wayBack(meeting: Point, header: Rect, content: Size): { strokes: Stroke[]; tip: Tip } {
  const bottom = content.height + wayBackRoom / 2;
  const lane = content.width + wayBackRoom - 4;
  const level = centerOf(header).y;
  const at = { x: header.x + header.width, y: level };
  return {
    strokes: [
      line(meeting.x, bottom - corner),
      turn({ x: meeting.x, y: bottom }, { x: meeting.x + corner, y: bottom }),
      line(lane - corner, bottom),
      turn({ x: lane, y: bottom }, { x: lane, y: bottom - corner }),
      line(lane, level + corner),
      turn({ x: lane, y: level }, { x: lane - corner, y: level }),
      line(at.x + tipLength - 1, level),
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

/** Width reserved beside a box with a self-loop. */
export const selfLoopRoom = 30;

/** A self-loop: out of the far side of the box and back. */
export function selfLoop(box: Rect): { strokes: Stroke[]; tip: Tip } {
  const edge = box.x + box.width;
  const middle = centerOf(box).y;
  const reach = Math.min(9, box.height / 4);
  const out = { x: edge + selfLoopRoom, y: middle - reach * 1.6 };
  const back = { x: edge + selfLoopRoom, y: middle + reach };
  const at = { x: edge, y: middle + reach };
  return {
    strokes: [
      { kind: 'M', points: [{ x: edge, y: middle - reach }] },
      { kind: 'C', points: [out, back, { x: at.x + tipLength - 1, y: at.y }] },
    ],
    tip: { at, heading: { x: -1, y: 0 } },
  };
}
