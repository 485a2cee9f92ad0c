/**
 * Purpose: the state of one evaluation, and the meter that limits its work.
 * Invariants:
 * E1 Limits count the work an expression does, never time or memory: the same expression with the same variables ends
 *    the same way on every machine.
 * E2 Exceeding a limit is fatal: `||`, `&&`, `all` and `exists` absorb other failures of an operand, but never this one.
 * E3 An operation's worst-case cost is charged before the next one starts; a single operation produces at most the sum of
 *    its inputs.
 */

import { caps } from '@llmteam/contracts';
import type { Variables } from '../engine/expression.js';
import type { CelValue } from './values.js';

/**
 * Why an evaluation failed; thrown only within this folder. Not an Error: `exists` over a long list may absorb a failure
 * per item, and capturing a stack trace each time would cost more than the work itself. Reasons become part of events that a replay
 * derives: rewording one changes what old histories show.
 */
export class Failure {
  constructor(
    readonly reason: string,
    readonly position: number,
    readonly isFatal = false,
  ) {}
}

/** Returns the failure if an operator may absorb it; rethrows it otherwise. */
export function forgivable(thrown: unknown): Failure {
  if (thrown instanceof Failure && !thrown.isFatal) return thrown;
  throw thrown;
}

/** Work limit of one evaluation, in characters read or written; {@link cost} converts other work to characters. */
const workUnits = 32 * caps.value_bytes;

/** Chosen so that the slowest way to spend {@link workUnits} takes about one second on an ordinary core. */
export const cost = {
  listElement: 8,
  mapEntry: 64,
  /** One pair of values compared by `==` or `in`. */
  comparison: 32,
  /** One term of a comprehension's expressions, per step. */
  term: 16,
  /** A pattern only known at evaluation: a base price, plus `patternSize` per point of its estimated size. */
  pattern: 50_000,
  patternSize: 100,
  /** One character inspected by one instruction of a pattern, in the worst case. */
  patternLook: 4,
} as const;

/** A compiled regular expression. */
export interface Pattern {
  /** Number of instructions in its program. */
  readonly programSize: number;
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
}

/** The state of one evaluation, or of all `${…}` of one config. */
export class Evaluation {
  /** Values of comprehension variables, by slot. */
  readonly locals: CelValue[] = [];
  #patterns: Map<string, Pattern> | undefined;
  #steps = 0;
  #work = 0;

  constructor(readonly variables: Variables) {}

  /** The compiled pattern, cached so that each is compiled and charged once per evaluation. */
  pattern(source: string, compile: () => Pattern): Pattern {
    this.#patterns ??= new Map();
    const cached = this.#patterns.get(source);
    if (cached !== undefined) return cached;
    const compiled = compile();
    this.#patterns.set(source, compiled);
    return compiled;
  }

  /** Charges one step of a comprehension whose expressions have `terms` terms. */
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

  /** Charges work; one unit is one character. */
  charge(units: number, position: number): void {
    this.#work += units;
    if (this.#work > workUnits) {
      const reason = `reads and writes more than ${workUnits} characters or their like (32 times the cap value_bytes)`;
      throw new Failure(reason, position, true);
    }
  }

  /** Charges a string of `length` characters that an operation produces. */
  chargeText(length: number, position: number): void {
    if (length > caps.value_bytes) {
      throw new Failure(`makes a string longer than ${caps.value_bytes} characters (cap value_bytes)`, position, true);
    }
    this.charge(length, position);
  }

  /** Charges a list of `length` elements that an operation produces. */
  chargeList(length: number, position: number): void {
    if (length > caps.json_nodes) {
      throw new Failure(`makes a list longer than ${caps.json_nodes} elements (cap json_nodes)`, position, true);
    }
    this.charge(length * cost.listElement, position);
  }

  /** Charges a search for `part` in `text`: quadratic in the worst case, natively done sixteen characters at a time. */
  chargeSearch(text: string, part: string, position: number): void {
    this.charge(text.length * Math.ceil((part.length + 1) / 16), position);
  }
}

/** A compiled term. */
export type Code = (run: Evaluation) => CelValue;
