import type { InnerStep } from '@llmteam/contracts';
import { mapped, type Work } from '../slices/slices.js';
import type { ConfigProblems } from './config-problems.js';
import type { Draft, DraftStep } from './draft.js';
import type { ValidationContext } from './validation-context.js';
import { quoted } from './wording.js';

/** A step that a control step may run, read as if it stood at the place in the config that it was taken from. */
export interface DraftInnerStep {
  /** The step of the segment around it. */
  readonly outermost: DraftStep;
  readonly step: DraftStep;
  /** As its type told them. */
  readonly limits: Pick<InnerStep, 'retry' | 'timeout_seconds'>;
}

/** Only steps whose config is valid have inner steps that are known. */
export function* readInnerSteps(
  draft: Draft,
  context: ValidationContext,
  problemsOf: ConfigProblems,
): Work<readonly DraftInnerStep[]> {
  const found = yield* mapped(draft.steps, (step) => [...innerStepsOf(step, step, context, problemsOf)]);
  return found.flat();
}

function* innerStepsOf(
  owner: DraftStep,
  outermost: DraftStep,
  context: ValidationContext,
  problemsOf: ConfigProblems,
): Iterable<DraftInnerStep> {
  const { entry, config } = owner;
  if (!entry?.control?.innerSteps || config === null || problemsOf(owner).length > 0) return;
  for (const inner of entry.control.innerSteps(config)) {
    const step = readInner(owner, inner, context);
    yield { outermost, step, limits: limitsOf(inner) };
    yield* innerStepsOf(step, outermost, context, problemsOf);
  }
}

function readInner(
  owner: DraftStep,
  { step_id, type, config, at = '' }: InnerStep,
  context: ValidationContext,
): DraftStep {
  const choice = context.catalog.chooseFor(type, context.pinned);
  return {
    index: owner.index,
    pointer: `${owner.pointer}/config${at}`,
    subject: `${owner.subject}, inner step ${quoted(step_id)}`,
    step_id,
    type,
    config,
    input_ports: [],
    output_ports: [],
    choice,
    entry: choice.kind === 'found' ? choice.entry : null,
  };
}

function limitsOf({ retry, timeout_seconds }: InnerStep): DraftInnerStep['limits'] {
  return { ...(retry !== undefined && { retry }), ...(timeout_seconds !== undefined && { timeout_seconds }) };
}
