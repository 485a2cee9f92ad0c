import type { Rule } from '../rule.js';

/** Each step's config fits the schema of its type. */
export const config: Rule = function* ({ draft, configProblems }) {
  for (const step of draft.steps) yield* configProblems(step);
};
