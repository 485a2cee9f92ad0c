/**
 * Purpose: what one evaluation has at hand, and the meter that ends it.
 * Invariants:
 * E1 Every limit counts what the expression does, never time or memory in use: the same expression on the same variables
 *    ends the same way on every machine.
 * E2 A failure of the meter is fatal: `||`, `&&`, `all` and `exists`, which may forgive a failing operand, never forgive it.
 * E3 What an operation may cost is charged before the next one starts; a single operation makes at most the sum of what it is given.
 */

import { caps } from '@llmteam/contracts';
import type { Variables } from '../engine/expression.js';
import type { CelValue } from './values.js';

/**
 * Why an evaluation failed, thrown within this folder only. No Error: expressions that ask `exists` over a long list may
 * fail, and be forgiven, for every item, and a stack trace each time would cost more than the work itself.
 */
export class Failure {
  constructor(
    readonly reason: string,
    readonly position: number,
    readonly isFatal = false,
  ) {}
}

/** The failure if it may be forgiven; throws it on if not. */
export function forgivable(thrown: unknown): Failure {
  if (thrown instanceof Failure && !thrown.isFatal) return thrown;
  throw thrown;
}

/** Work of one evaluation, in characters read or written. Other things are priced in characters by {@link cost}. */
const workUnits = 32 * caps.value_bytes;

/** Prices that keep the slowest way to spend {@link workUnits} near one second on an ordinary core. */
export const cost = {
  listElement: 8,
  mapEntry: 64,
  /** One pair of values compared by `==` or `in`. */
  comparison: 32,
  /** One term of a comprehension's expressions, at each of its steps. */
  term: 16,
  /** A pattern that is only known at evaluation, whatever it is, and for each point of its estimated size. */
  pattern: 50_000,
  patternSize: 100,
  /** One character that one instruction of a pattern looks at, in the worst case. */
  patternLook: 4,
} as const;

/** A compiled regular expression. */
export interface Pattern {
  /** Instructions of its program. */
  readonly programSize: number;
  /** Whether it is found anywhere in the text. */
  test(text: string): boolean;
}

/** The state of one evaluation, or of all `${…}` of one config together. */
export class Evaluation {
  /** Values of comprehension variables, by slot. */
  readonly locals: CelValue[] = [];
  #patterns: Map<string, Pattern> | undefined;
  #steps = 0;
  #work = 0;

  constructor(readonly variables: Variables) {}

  /** The pattern of a source, compiled and paid for once in an evaluation. */
  pattern(source: string, compile: () => Pattern): Pattern {
    this.#patterns ??= new Map();
    const known = this.#patterns.get(source);
    if (known !== undefined) return known;
    const compiled = compile();
    this.#patterns.set(source, compiled);
    return compiled;
  }

  /** Counts one step of a comprehension whose expressions have `terms` terms. */
  takeStep(terms: number, position: number): void {
    this.charge(terms * cost.term, position);
    this.#steps += 1;
    if (this.#steps > caps.expression_work) {
      throw new Failure(
        `takes more than ${caps.expression_work} comprehension steps (cap expression_work)`,
        position,
        true,
      );
    }
  }

  /** Counts work in units of one character. */
  charge(units: number, position: number): void {
    this.#work += units;
    if (this.#work > workUnits) {
      const reason = `reads and writes more than ${workUnits} characters or their like (32 times the cap value_bytes)`;
      throw new Failure(reason, position, true);
    }
  }

  /** Counts a text of `length` characters that an operation makes. */
  chargeText(length: number, position: number): void {
    if (length > caps.value_bytes) {
      throw new Failure(`makes a string longer than ${caps.value_bytes} characters (cap value_bytes)`, position, true);
    }
    this.charge(length, position);
  }

  /** Counts a list of `length` elements that an operation makes. */
  chargeList(length: number, position: number): void {
    if (length > caps.json_nodes) {
      throw new Failure(`makes a list longer than ${caps.json_nodes} elements (cap json_nodes)`, position, true);
    }
    this.charge(length * cost.listElement, position);
  }

  /** Counts a search for `part` in `text`: naive in the worst case, and natively so for every sixteen characters. */
  chargeSearch(text: string, part: string, position: number): void {
    this.charge(text.length * Math.ceil((part.length + 1) / 16), position);
  }
}

/** A term made ready to run. */
export type Code = (run: Evaluation) => CelValue;
