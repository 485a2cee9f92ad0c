import { LlmteamError, type RunKey, type StepDetail, type StepRecord } from '@llmteam/contracts';
import { type FoldOptions, type FoldSources, foldHistory } from '../definitions/fold-history.js';
import { findStep } from '../engine/find-step.js';
import type { Run } from '../engine/state.js';
import { stepDetail, stepRecord } from '../engine/step-record.js';
import { isOpen, type StepInstance } from '../engine/turn.js';

/** The step occurrences of a run that were reached, in the order in which they were decided, then those still undecided. */
export async function listSteps(sources: FoldSources, key: RunKey): Promise<readonly StepRecord[] | null> {
  const records: StepRecord[] = [];
  const run = await replayed(sources, key, (instance, { run: state }) => records.push(stepRecord(state, instance)));
  if (run === null) return null;
  for (const instance of undecided(run)) records.push(stepRecord(run.state, instance));
  return records;
}

/** @throws LlmteamError `STEP_UNKNOWN` if the run has not got to such a step occurrence; null if there is no such run */
export async function showStep(sources: FoldSources, key: RunKey, step: string): Promise<StepDetail | null> {
  let found: StepDetail | null = null;
  const run = await replayed(sources, key, (instance, { run: state }) => {
    if (stepRecord(state, instance).step === step) found = stepDetail(state, instance);
  });
  if (run === null || found !== null) return found;
  const instance = findStep(run.state, run.plan, step);
  if (instance !== null) return stepDetail(run.state, instance);
  throw new LlmteamError('STEP_UNKNOWN', `run '${key.run_id}' has no step '${step}', or has not got to it`);
}

type OnDecided = NonNullable<FoldOptions['onDecided']>;

async function replayed(sources: FoldSources, key: RunKey, onDecided: OnDecided): Promise<Run | null> {
  let last: Run | null = null;
  for await (const { run } of foldHistory(sources, key, { onDecided })) last = run;
  return last;
}

function* undecided({ state, plan }: Run): Iterable<StepInstance> {
  for (const scope of state.scopes.values()) {
    for (const [stepId, step] of scope.steps) {
      const planned = plan.byId.get(stepId);
      const instance = planned === undefined ? null : { scope, step: planned, state: step };
      if (instance !== null && isOpen(instance)) yield instance;
    }
  }
}
