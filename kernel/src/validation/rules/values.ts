import { configPlaces } from '../config-places.js';
import { pause, type Rule } from '../rule.js';
import type { ValueCheck } from '../value-check.js';
import { foreignTemplates } from '../value-checks/foreign-templates.js';
import { literals } from '../value-checks/literals.js';
import { nestedSchemas } from '../value-checks/nested-schemas.js';
import { refs } from '../value-checks/refs.js';
import { secrets } from '../value-checks/secrets.js';

const checks: readonly ValueCheck[] = [refs, literals, nestedSchemas, foreignTemplates, secrets];

/** What can be said about a value within a config before the run: names, templates, schemas, secrets. */
export const values: Rule = function* (analysis) {
  const { draft, innerSteps } = analysis;
  for (const step of [...draft.steps, ...innerSteps.map(({ step }) => step)]) {
    for (const place of configPlaces(step, analysis.context)) {
      for (const check of checks) yield* check(place, step, analysis);
      yield pause;
    }
  }
};
