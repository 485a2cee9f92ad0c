/**
 * Purpose: routes edges between ranks.
 * Owns: where an edge leaves and enters a box, and the curve in between. Does not own: the assignment of ranks.
 * Invariants:
 *   W1 A path moves sideways only in the empty strip between two ranks; within a rank's band it runs straight along y.
 *      Nodes of a rank keep their distance, so no path touches a box or label other than its own.
 *   W2 Edges on the same side of a box are ordered by where they go, so they do not cross there.
 */
import type { Point, Stroke } from './geometry.js';

/** The side of a box where edges attach: its middle, and how far from it they may spread. */
export interface Dock extends Point {
  readonly spread: number;
  /** A long side: edges start directly above their target if possible. */
  readonly isLong?: boolean;
}

/** A box among the ranks: docks above and below, and the centre of its rank. */
export interface Terminal {
  readonly top: Dock;
  readonly bottom: Dock;
  readonly rankY: number;
}

export interface Thread {
  readonly key: string;
  readonly from: Terminal;
  readonly to: Terminal;
  /** Where it crosses the ranks in between. */
  readonly waypoints: readonly Point[];
  /** Whether to leave room for an arrowhead at its end. */
  readonly hasTip: boolean;
}

export interface Woven {
  readonly strokes: readonly Stroke[];
  /** The tip of the arrowhead and its direction. */
  readonly end: Point;
  readonly heading: Point;
}

/** Half the height of each rank's band, by the y of its centre. */
export class Bands {
  readonly #halfHeights = new Map<number, number>();

  add(y: number, height: number): void {
    const key = Math.round(y);
    this.#halfHeights.set(key, Math.max(this.#halfHeights.get(key) ?? 0, height / 2));
  }

  /** Zero if only edges pass through the rank. */
  halfHeight(y: number): number {
    return this.#halfHeights.get(Math.round(y)) ?? 0;
  }
}

export const tipLength = 8;
const slotGap = 16;
const minSlotGap = 6;
/** Straight segment before an arrowhead, so that it points along the line. */
const approach = tipLength + 3;

/** Routes all edges of one level, in the order of `threads`. */
export function weave(threads: readonly Thread[], bands: Bands): Woven[] {
  const kept = threads.map((thread) => thread.waypoints.filter((point) => bands.halfHeight(point.y) > 0));
  const slots = assignSlots(threads, kept);
  return threads.map((thread, index) => drawThread(thread, kept[index] ?? [], slots, bands));
}

type Slots = ReadonlyMap<string, number>;

interface Claim {
  readonly slot: string;
  readonly toward: number;
}

function assignSlots(threads: readonly Thread[], kept: readonly (readonly Point[])[]): Slots {
  const claims = new Map<Dock, Claim[]>();
  const claim = (dock: Dock, slot: string, toward: Point): void => {
    const claimed = claims.get(dock) ?? [];
    claimed.push({ slot, toward: toward.x });
    claims.set(dock, claimed);
  };
  threads.forEach((thread, index) => {
    const { from, to } = docks(thread);
    claim(from, slotName(thread, 'from'), kept[index]?.[0] ?? to);
    claim(to, slotName(thread, 'to'), kept[index]?.at(-1) ?? from);
  });
  const slots = new Map<string, number>();
  for (const [dock, claimed] of claims) {
    claimed.sort((a, b) => a.toward - b.toward);
    for (const [slot, x] of dock.isLong === true ? straightDown(dock, claimed) : sideBySide(dock, claimed)) {
      slots.set(slot, x);
    }
  }
  return slots;
}

/** Distributes slots around the middle; if there are too many, all share the middle. */
function sideBySide(dock: Dock, claimed: readonly Claim[]): [string, number][] {
  const room = (2 * dock.spread) / Math.max(1, claimed.length - 1);
  const gap = room < minSlotGap ? 0 : Math.min(slotGap, room);
  return claimed.map(({ slot }, place) => [slot, dock.x + (place - (claimed.length - 1) / 2) * gap]);
}

function straightDown(dock: Dock, claimed: readonly Claim[]): [string, number][] {
  const xs = claimed.map(({ toward }) => Math.min(dock.x + dock.spread, Math.max(dock.x - dock.spread, toward)));
  const isCrowded = xs.some((x, place) => place > 0 && x - (xs[place - 1] ?? x) < slotGap);
  return isCrowded ? sideBySide(dock, claimed) : claimed.map(({ slot }, place) => [slot, xs[place] ?? dock.x]);
}

function slotName(thread: Thread, end: 'from' | 'to'): string {
  return `${end} ${thread.key}`;
}

function goesDown(thread: Thread): boolean {
  return thread.to.rankY >= thread.from.rankY;
}

function docks(thread: Thread): { from: Dock; to: Dock } {
  const { from, to } = thread;
  return goesDown(thread) ? { from: from.bottom, to: to.top } : { from: from.top, to: to.bottom };
}

function drawThread(thread: Thread, waypoints: readonly Point[], slots: Slots, bands: Bands): Woven {
  const { from, to } = docks(thread);
  const down = goesDown(thread) ? 1 : -1;
  const start = { x: slots.get(slotName(thread, 'from')) ?? from.x, y: from.y };
  const end = { x: slots.get(slotName(thread, 'to')) ?? to.x, y: to.y };
  const pen = new Pen(start);
  pen.straightTo(thread.from.rankY + down * bands.halfHeight(thread.from.rankY));
  for (const { x, y } of waypoints) {
    const half = bands.halfHeight(y);
    pen.curveTo({ x, y: y - down * half });
    pen.straightTo(y + down * half);
  }
  const tip = thread.hasTip ? down : 0;
  pen.curveTo({ x: end.x, y: thread.to.rankY - down * bands.halfHeight(thread.to.rankY) - tip * approach });
  pen.straightTo(end.y - tip * (tipLength - 1));
  return { strokes: pen.strokes, end, heading: { x: 0, y: down } };
}

class Pen {
  readonly strokes: Stroke[];
  #at: Point;

  constructor(start: Point) {
    this.#at = start;
    this.strokes = [{ kind: 'M', points: [start] }];
  }

  straightTo(y: number): void {
    if (Math.abs(y - this.#at.y) < 0.05) return;
    this.#add('L', [{ x: this.#at.x, y }]);
  }

  /** An S-curve with vertical ends. */
  curveTo(to: Point): void {
    if (Math.abs(to.x - this.#at.x) < 0.5) {
      this.#at = { x: to.x, y: this.#at.y };
      this.straightTo(to.y);
      return;
    }
    const middle = (this.#at.y + to.y) / 2;
    this.#add('C', [{ x: this.#at.x, y: middle }, { x: to.x, y: middle }, to]);
  }

  #add(kind: Stroke['kind'], points: readonly Point[]): void {
    this.strokes.push({ kind, points });
    this.#at = points.at(-1) ?? this.#at;
  }
}
