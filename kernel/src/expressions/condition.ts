import { type Code, type Evaluation, Failure } from './evaluation.js';
import { described } from './values.js';

/** Code that returns a boolean. */
export type Condition = (run: Evaluation) => boolean;

/** Wraps code as a condition; `what` and `offset` describe it in the failure if the value is not a boolean. */
export function conditionOf(code: Code, what: string, offset: number): Condition {
  return (run) => {
    const value = code(run);
    if (typeof value === 'boolean') return value;
    throw new Failure(`${what} must be a boolean, not ${described(value)}`, offset);
  };
}
