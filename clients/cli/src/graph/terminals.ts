import type { FlatLayout } from './flat-graph.js';
import { center_of, type Rect } from './geometry.js';
import type { Level, LevelEdge, Place } from './nesting.js';
import { key_of, type Piece, type PlacedItem, type Plan } from './piece.js';
import type { Dock, Terminal } from './weave.js';

/** Edges keep off the rounded corners of a frame, and of a box. */
const frame_corner = 26;
const box_corner = 10;

/** A level whose nodes have their places. */
export interface PlacedLevel {
  readonly plan: Plan;
  readonly level: Level;
  readonly placed: ReadonlyMap<string, PlacedItem>;
  readonly flat: FlatLayout;
  readonly content: Piece;
}

/** The docks of each node, one object per side, so that edges at the same side know of each other. */
export class Terminals {
  readonly #here: PlacedLevel;
  readonly #known = new Map<string, Terminal>();

  constructor(here: PlacedLevel) {
    this.#here = here;
  }

  of(place: Place): Terminal {
    return this.#keep(key_of(place), (item) => item_terminal(item, this.#here.content));
  }

  /** An edge that wrongly enters a frame past its loop step stops at the frame's border. */
  arriving({ edge, to }: LevelEdge): Terminal {
    if (!to.is_frame || this.#here.plan.diagram.edges[edge]?.to === to.step) return this.of(to);
    return this.#keep(`${key_of(to)} border`, ({ rect }) => box_terminal(rect), key_of(to));
  }

  /** A node without extent, such as the meeting point or the start dot. */
  point(key: string, reach = 0): Terminal {
    const { x, y } = this.#here.flat.centers.get(key) ?? { x: 0, y: 0 };
    return { top: { x, y: y - reach, spread: 0 }, bottom: { x, y: y + reach, spread: 0 }, rank_y: y };
  }

  #keep(key: string, make: (item: PlacedItem) => Terminal, item_key = key): Terminal {
    const item = this.#here.placed.get(item_key);
    if (item === undefined) throw new TypeError(`level has no item '${item_key}'`);
    const terminal = this.#known.get(key) ?? make(item);
    this.#known.set(key, terminal);
    return terminal;
  }
}

/** Into a frame edges go on to the loop's box; out of it they start at its lower border. */
function item_terminal({ step, piece, rect }: PlacedItem, content: Piece): Terminal {
  const header = piece === null ? undefined : content.boxes.get(step);
  if (header === undefined) return box_terminal(rect);
  const whole = box_terminal(rect);
  return {
    ...whole,
    top: upper_dock(header),
    bottom: { ...whole.bottom, spread: rect.width / 2 - frame_corner, is_long: true },
  };
}

function box_terminal(rect: Rect): Terminal {
  const { x, y } = center_of(rect);
  return { top: upper_dock(rect), bottom: { x, y: rect.y + rect.height, spread: spread_of(rect) }, rank_y: y };
}

function upper_dock(rect: Rect): Dock {
  return { x: center_of(rect).x, y: rect.y, spread: spread_of(rect) };
}

function spread_of(rect: Rect): number {
  return Math.max(0, rect.width / 2 - box_corner);
}
