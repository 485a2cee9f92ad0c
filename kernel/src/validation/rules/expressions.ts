import type { Rule } from '../rule.js';

/** Every expression in `output`, conditions and configs compiles. */
export const expressions: Rule = function* (analysis) {
  yield* analysis.expressions.problems;
};
