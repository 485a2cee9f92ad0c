import { pause, type Rule } from '../rule.js';

/** The config of each step matches the schema of its type. */
export const config: Rule = function* ({ draft, configProblems }) {
  for (const step of draft.steps) {
    yield* configProblems(step);
    yield pause;
  }
};
