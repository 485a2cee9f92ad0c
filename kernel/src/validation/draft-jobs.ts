import type { ControlJob } from '@llmteam/contracts';
import { mapped, type Work } from '../slices/slices.js';
import type { ConfigProblems } from './config-problems.js';
import type { Draft, DraftStep } from './draft.js';
import type { ValidationContext } from './validation-context.js';
import { quoted } from './wording.js';

/** A job that a control step may run, read as if it were a step, at the place in the config that it was taken from. */
export interface DraftJob {
  readonly owner: DraftStep;
  readonly job: DraftStep;
}

/** Only steps whose config is valid have jobs that are known. */
export function* readJobs(
  draft: Draft,
  context: ValidationContext,
  problemsOf: ConfigProblems,
): Work<readonly DraftJob[]> {
  const jobs = yield* mapped(draft.steps, (owner) => {
    const { entry, config } = owner;
    if (!entry?.control?.jobs || config === null || problemsOf(owner).length > 0) return [];
    return entry.control.jobs(config).map((job) => ({ owner, job: readJob(owner, job, context) }));
  });
  return jobs.flat();
}

function readJob(owner: DraftStep, { name, type, config, at = '' }: ControlJob, context: ValidationContext): DraftStep {
  const choice = context.catalog.chooseFor(type, context.pinned);
  return {
    index: owner.index,
    pointer: `${owner.pointer}/config${at}`,
    subject: `${owner.subject}, job ${quoted(name)}`,
    step_id: name,
    type,
    config,
    input_ports: [],
    output_ports: [],
    choice,
    entry: choice.kind === 'found' ? choice.entry : null,
  };
}
