import type { Rule } from '../rule.js';

/** Each step's config fits the schema of its type. */
export const config: Rule = function* ({ draft, config_problems }) {
  for (const step of draft.steps) yield* config_problems(step);
};
