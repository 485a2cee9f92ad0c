import type { Rule } from '../rule.js';

/** Every expression compiles: in `output`, in conditions, in configs. */
export const expressions: Rule = function* (study) {
  yield* study.expressions.problems;
};
