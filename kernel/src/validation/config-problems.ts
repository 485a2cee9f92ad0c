import type { Problem } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import type { StepCatalog } from '../catalog/step-catalog.js';
import type { ClosestName } from './closest-name.js';
import type { DraftStep } from './draft.js';
import { one_per_cause } from './schemas/causes.js';
import { config_errors_of } from './schemas/plugin-schemas.js';
import { schema_problems } from './schemas/schema-problems.js';
import { template_excuse } from './schemas/template-excuse.js';

/** What is wrong with a step's config by its type's schema. A config or type that is not there is somebody else's problem. */
export type ConfigProblems = (step: DraftStep) => readonly Problem[];

/** Remembers, as the ports of some types follow from whether their config is sound. */
export function config_problems(catalog: StepCatalog, closest: ClosestName): ConfigProblems {
  const errors_of = config_errors_of(catalog);
  const known = new Map<DraftStep, readonly Problem[]>();
  return (step) => {
    const { entry, config } = step;
    if (entry === null || config === null) return [];
    const problems = known.get(step) ?? in_words(errors_of(entry, config), step, closest);
    known.set(step, problems);
    return problems;
  };
}

function in_words(errors: readonly ErrorObject[], step: DraftStep, closest: ClosestName): readonly Problem[] {
  if (errors.length === 0) return [];
  return schema_problems(one_per_cause(errors, template_excuse), {
    base: `${step.pointer}/config`,
    closest,
    subject: () => ({ name: `${step.subject}, config`, depth: 0 }),
  });
}
