import type { Problem } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv';
import type { StepCatalog } from '../catalog/step-catalog.js';
import type { ClosestName } from './closest-name.js';
import type { DraftStep } from './draft.js';
import { onePerCause } from './schemas/causes.js';
import { configErrorsOf } from './schemas/plugin-schemas.js';
import { schemaProblems } from './schemas/schema-problems.js';
import { templateExcuse } from './schemas/template-excuse.js';

/** Checks a step's config against the schema of its type. A missing config or type is reported by other rules. */
export type ConfigProblems = (step: DraftStep) => readonly Problem[];

/** Memoized, because the ports of some types depend on whether their config is valid. */
export function configProblems(catalog: StepCatalog, closest: ClosestName): ConfigProblems {
  const errorsOf = configErrorsOf(catalog);
  const known = new Map<DraftStep, readonly Problem[]>();
  return (step) => {
    const { entry, config } = step;
    if (entry === null || config === null) return [];
    const problems = known.get(step) ?? inWords(errorsOf(entry, config), step, closest);
    known.set(step, problems);
    return problems;
  };
}

function inWords(errors: readonly ErrorObject[], step: DraftStep, closest: ClosestName): readonly Problem[] {
  if (errors.length === 0) return [];
  return schemaProblems(onePerCause(errors, templateExcuse), {
    base: `${step.pointer}/config`,
    closest,
    subject: () => ({ name: `${step.subject}, config`, depth: 0 }),
  });
}
