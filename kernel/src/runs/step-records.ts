import { LlmteamError, type RunKey, type StepDetail, type StepRecord } from '@llmteam/contracts';
import { type FoldOptions, type FoldSources, foldHistory } from '../definitions/fold-history.js';
import { findStep, stepOfScope } from '../engine/find-step.js';
import type { Run } from '../engine/state.js';
import { stepDetail, stepRecord } from '../engine/step-record.js';
import { isOpen, type StepInstance } from '../engine/turn.js';
import { spareSlices } from '../slices/spare-turns.js';

/**
 * Yields the step occurrences of a run that were reached, in the order in which they were decided, then those still undecided.
 * @throws LlmteamError `RUN_UNKNOWN`
 */
export async function* readSteps(sources: FoldSources, key: RunKey): AsyncGenerator<StepRecord> {
  const decided: StepRecord[] = [];
  const onDecided: OnDecided = (instance, { run }) => decided.push(stepRecord(run, instance));
  let last: Run | null = null;
  for await (const { entry, run } of foldHistory(sources, key, { onDecided, slices: spareSlices() })) {
    if (entry.fact.type === 'run.redacted') {
      yield* entry.fact.steps;
      return;
    }
    last = run;
    yield* decided.splice(0);
  }
  if (last === null) throw new LlmteamError('RUN_UNKNOWN', `there is no run '${key.run_id}'`);
  for (const instance of undecided(last)) yield stepRecord(last.state, instance);
}

/** @throws LlmteamError `STEP_UNKNOWN` if the run has not got to such a step occurrence; null if there is no such run */
export async function showStep(sources: FoldSources, key: RunKey, step: string): Promise<StepDetail | null> {
  let found: StepDetail | null = null;
  const onDecided: OnDecided = (instance, turn) => {
    if (stepRecord(turn.run, instance).step === step) found = stepDetail(turn, instance);
  };
  let last: Run | null = null;
  for await (const { run } of foldHistory(sources, key, { onDecided, slices: spareSlices() })) last = run;
  if (last === null || found !== null) return found;
  const instance = findStep(last.state, last.plan, step);
  if (instance !== null) return stepDetail({ run: last.state, plan: last.plan }, instance);
  throw new LlmteamError('STEP_UNKNOWN', `run '${key.run_id}' has no step '${step}', or has not got to it`);
}

type OnDecided = NonNullable<FoldOptions['onDecided']>;

function* undecided({ state, plan }: Run): Iterable<StepInstance> {
  for (const scope of state.scopes.values()) {
    for (const [stepId, step] of scope.steps) {
      const planned = stepOfScope(state, plan, scope, stepId);
      const instance = planned === undefined ? null : { scope, step: planned, state: step };
      if (instance !== null && isOpen(instance)) yield instance;
    }
  }
}
