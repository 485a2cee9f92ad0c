/**
 * Purpose: the state of one evaluation, and the meter that limits its work.
 * Invariants:
 * E1 Limits count the work an expression does, never time or memory: the same expression with the same variables ends
 *    the same way on every machine.
 * E2 Exceeding a limit is fatal: `||`, `&&`, `all` and `exists` absorb other failures of an operand, but never this one.
 * E3 An operation's worst-case cost is charged before it runs, or while it runs; what one operation does uncharged takes about a
 *    millisecond at most.
 */

import { caps } from '@llmteam/contracts';
import type { Variables, WorkBudget } from '../engine/expression.js';
import { cost, perCharacter } from './cost.js';
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
    readonly code: 'EXPRESSION_FAILED' | 'LIMIT_EXCEEDED' = 'EXPRESSION_FAILED',
  ) {}
}

/** A compiled regular expression. */
export interface Pattern {
  readonly unitsPerCharacter: number;
  /** Whether it matches anywhere in the text. */
  test(text: string): boolean;
}

/** The state of one evaluation, or of all `${…}` of one config. */
export class Evaluation {
  /** Values of comprehension variables, by slot. */
  readonly locals: CelValue[] = [];
  #patterns: Map<string, Pattern> | undefined;
  #steps = 0;
  #left: number = caps.expression_units;

  constructor(
    readonly variables: Variables,
    private readonly budget: WorkBudget = { left: Number.POSITIVE_INFINITY },
  ) {}

  /** The compiled pattern, cached so that each is compiled and charged once per evaluation. */
  pattern(source: string, compile: () => Pattern): Pattern {
    this.#patterns ??= new Map();
    const cached = this.#patterns.get(source);
    if (cached !== undefined) return cached;
    const compiled = compile();
    this.#patterns.set(source, compiled);
    return compiled;
  }

  /** Returns the failure if an operator may absorb it; rethrows it otherwise. */
  absorbed(thrown: unknown, position: number): Failure {
    if (!(thrown instanceof Failure) || thrown.isFatal) throw thrown;
    this.charge(cost.failure, position);
    return thrown;
  }

  /** Charges one step of a comprehension whose expressions have this weight. */
  takeStep(weight: number, position: number): void {
    this.charge(cost.step + weight * cost.term, position);
    this.#steps += 1;
    if (this.#steps > caps.expression_work) {
      throw new Failure(
        `takes more than ${caps.expression_work} comprehension steps (cap expression_work)`,
        position,
        true,
      );
    }
  }

  charge(units: number, position: number): void {
    this.#left -= units;
    this.budget.left -= units;
    if (this.#left < 0) {
      const reason = `does more than ${caps.expression_units} units of work (cap expression_units)`;
      throw new Failure(reason, position, true);
    }
    if (this.budget.left < 0) {
      const reason = 'the expressions evaluated so far have used up the work that is allowed to all of them together';
      throw new Failure(reason, position, true, 'LIMIT_EXCEEDED');
    }
  }

  /** Charges a string of `length` characters that an operation produces. */
  chargeText(length: number, position: number): void {
    if (length > caps.value_bytes) {
      throw new Failure(`makes a string longer than ${caps.value_bytes} characters (cap value_bytes)`, position, true);
    }
    this.charge(length * perCharacter.made, position);
  }

  /** Charges a list of `length` elements that an operation produces. */
  chargeList(length: number, position: number): void {
    if (length > caps.json_nodes) {
      throw new Failure(`makes a list longer than ${caps.json_nodes} elements (cap json_nodes)`, position, true);
    }
    this.charge(length * cost.listElement, position);
  }
}

/** A compiled term. */
export type Code = (run: Evaluation) => CelValue;
