import { type Code, type Evaluation, Failure } from './evaluation.js';
import { described } from './values.js';

/** Code that must give a boolean. */
export type Condition = (run: Evaluation) => boolean;

/** The code as a condition; `what` names it where it fails, `at` is where. */
export function conditionOf(code: Code, what: string, offset: number): Condition {
  return (run) => {
    const value = code(run);
    if (typeof value === 'boolean') return value;
    throw new Failure(`${what} must be a boolean, not ${described(value)}`, offset);
  };
}
