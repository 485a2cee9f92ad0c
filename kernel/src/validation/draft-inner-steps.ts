import { caps, type InnerStep } from '@llmteam/contracts';
import { mapped, type Work } from '../slices/slices.js';
import type { ConfigProblems } from './config-problems.js';
import type { Draft, DraftStep } from './draft.js';
import type { ValidationContext } from './validation-context.js';
import { quoted } from './wording.js';

/** A step that a control step may run, read as if it stood at the place in the config that it was taken from. */
export interface DraftInnerStep {
  /** The step of the segment around it. */
  readonly outermost: DraftStep;
  /** The step that may run it. */
  readonly owner: DraftStep;
  readonly step: DraftStep;
  /** As its type told them. */
  readonly limits: Pick<InnerStep, 'retry' | 'timeout_seconds'>;
  /** The cap that it exceeds: what follows it is not read. A type may declare steps of its own type without end. */
  readonly excess: 'inner_step_depth' | 'inner_steps_per_step' | null;
}

/** Only steps whose config is valid have inner steps that are known. */
export function* readInnerSteps(
  draft: Draft,
  context: ValidationContext,
  problemsOf: ConfigProblems,
): Work<readonly DraftInnerStep[]> {
  const found = yield* mapped(draft.steps, (step) => {
    const reading: Reading = { outermost: step, context, problemsOf, found: [] };
    readBelow(step, 1, reading);
    return reading.found;
  });
  return found.flat();
}

interface Reading {
  readonly outermost: DraftStep;
  readonly context: ValidationContext;
  readonly problemsOf: ConfigProblems;
  readonly found: DraftInnerStep[];
}

function readBelow(owner: DraftStep, depth: number, reading: Reading): void {
  const { outermost, context, problemsOf, found } = reading;
  const { entry, config } = owner;
  if (!entry?.control?.innerSteps || config === null || problemsOf(owner).length > 0) return;
  for (const inner of entry.control.innerSteps(config)) {
    if (found.length > caps.inner_steps_per_step) return;
    const step = readInner(owner, inner, context);
    const excess = excessOf(depth, found.length + 1);
    found.push({ outermost, owner, step, limits: limitsOf(inner), excess });
    if (excess === null) readBelow(step, depth + 1, reading);
  }
}

function excessOf(depth: number, count: number): DraftInnerStep['excess'] {
  if (depth > caps.inner_step_depth) return 'inner_step_depth';
  return count > caps.inner_steps_per_step ? 'inner_steps_per_step' : null;
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
