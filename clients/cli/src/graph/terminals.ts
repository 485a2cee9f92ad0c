import type { FlatLayout } from './flat-graph.js';
import { centerOf, type Rect } from './geometry.js';
import type { Level, LevelEdge, Place } from './nesting.js';
import { keyOf, type Piece, type PlacedItem, type Plan } from './piece.js';
import type { Dock, Terminal } from './weave.js';

/** Distance of edges from the rounded corners of a frame and of a box. */
const frameCorner = 26;
const boxCorner = 10;

/** A level whose nodes have been placed. */
export interface PlacedLevel {
  readonly plan: Plan;
  readonly level: Level;
  readonly placed: ReadonlyMap<string, PlacedItem>;
  readonly flat: FlatLayout;
  readonly content: Piece;
}

/** The docks of each node, one shared object per side, so that edges on the same side can be spread. */
export class Terminals {
  readonly #here: PlacedLevel;
  readonly #known = new Map<string, Terminal>();

  constructor(here: PlacedLevel) {
    this.#here = here;
  }

  of(place: Place): Terminal {
    return this.#keep(keyOf(place), (item) => itemTerminal(item, this.#here.content));
  }

  /** An edge that enters a frame other than through its loop step, which is invalid, stops at the frame's border. */
  arriving({ edge, to }: LevelEdge): Terminal {
    if (!to.isFrame || this.#here.plan.diagram.edges[edge]?.to === to.step) return this.of(to);
    return this.#keep(`${keyOf(to)} border`, ({ rect }) => boxTerminal(rect), keyOf(to));
  }

  /** A node without extent, such as the meeting point or the start dot. */
  point(key: string, reach = 0): Terminal {
    const { x, y } = this.#here.flat.centers.get(key) ?? { x: 0, y: 0 };
    return { top: { x, y: y - reach, spread: 0 }, bottom: { x, y: y + reach, spread: 0 }, rankY: y };
  }

  #keep(key: string, make: (item: PlacedItem) => Terminal, itemKey = key): Terminal {
    const item = this.#here.placed.get(itemKey);
    if (item === undefined) throw new TypeError(`level has no item '${itemKey}'`);
    const terminal = this.#known.get(key) ?? make(item);
    this.#known.set(key, terminal);
    return terminal;
  }
}

/** Edges into a frame end at the loop's box; edges out of it start at the frame's lower border. */
function itemTerminal({ step, piece, rect }: PlacedItem, content: Piece): Terminal {
  const header = piece === null ? undefined : content.boxes.get(step);
  if (header === undefined) return boxTerminal(rect);
  const whole = boxTerminal(rect);
  return {
    ...whole,
    top: upperDock(header),
    bottom: { ...whole.bottom, spread: rect.width / 2 - frameCorner, isLong: true },
  };
}

function boxTerminal(rect: Rect): Terminal {
  const { x, y } = centerOf(rect);
  return { top: upperDock(rect), bottom: { x, y: rect.y + rect.height, spread: spreadOf(rect) }, rankY: y };
}

function upperDock(rect: Rect): Dock {
  return { x: centerOf(rect).x, y: rect.y, spread: spreadOf(rect) };
}

function spreadOf(rect: Rect): number {
  return Math.max(0, rect.width / 2 - boxCorner);
}
