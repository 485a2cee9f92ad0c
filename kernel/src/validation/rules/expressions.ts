import type { Rule } from '../rule.js';

/** Every expression in `output`, conditions and configs compiles. */
export const expressions: Rule = function* (study) {
  yield* study.expressions.problems;
};
