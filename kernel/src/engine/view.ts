import type { RunResult, RunView, StepSummary } from '@llmteam/contracts';
import { stepOfScope } from './find-step.js';
import type { Plan } from './plan.js';
import type { Run, ScopeState, StepState } from './state.js';
import type { StepPlan } from './step-plan.js';
import { waitsFor } from './waiting.js';

/** The run as returned by `runs show` and REST, with the steps of the root scope and of open iterations. */
export function viewRun(run: Run): RunView {
  const { state } = run;
  const iso = (ms: number): string => new Date(ms).toISOString();
  return {
    run_id: state.key.run_id,
    segment_id: state.request.segment_id,
    tenant_id: state.key.tenant_id,
    status: state.status,
    input: state.request.input,
    output: state.output,
    error: state.error,
    steps: summariseSteps(run),
    steps_completed: state.steps_completed,
    steps_total: state.steps_total,
    usage: state.usage,
    started_at: iso(state.request.at),
    completed_at: state.ended_at === null ? null : iso(state.ended_at),
    duration_ms: state.ended_at === null ? null : state.ended_at - state.request.at,
    correlation_id: state.request.correlation_id,
    metadata: state.request.metadata ?? {},
    parent_run_id: state.request.parent?.run_id ?? null,
    trace_id: state.request.trace_id,
    ...(state.request.trace?.sampled === true && { traced: true }),
    step_types: versionsOf(run.plan),
  };
}

/** As in the definition: by the `type` of each step and inner step as written. */
function versionsOf({ steps }: Plan): NonNullable<RunView['step_types']> {
  return Object.fromEntries(steps.flatMap(writtenVersions));
}

function writtenVersions({ writtenType, type, inner }: StepPlan): (readonly [type: string, version: string])[] {
  return [[writtenType, type.metadata.version], ...[...inner.values()].flatMap(writtenVersions)];
}

/** The result that `llmteam run` prints. */
export function resultOf(run: Run): RunResult {
  const { state } = run;
  return {
    run_id: state.key.run_id,
    segment_id: state.request.segment_id,
    status: state.status,
    output: state.output,
    error: state.error,
    duration_ms: (state.ended_at ?? state.at) - state.request.at,
    steps_completed: state.steps_completed,
    steps_total: state.steps_total,
    usage: state.usage,
  };
}

/** The same, from a run view. */
export function resultFromView(view: RunView): RunResult {
  const { run_id, segment_id, status, output, error, duration_ms, steps_completed, steps_total, usage } = view;
  return {
    run_id,
    segment_id,
    status,
    output,
    error,
    duration_ms: duration_ms ?? 0,
    steps_completed,
    steps_total,
    usage,
  };
}

function summariseSteps(run: Run): StepSummary[] {
  const root = run.state.scopes.get('');
  const summaries: StepSummary[] = [];
  for (const step of run.plan.steps) {
    const state = root?.steps.get(step.step_id);
    if (root !== undefined && state !== undefined) summaries.push(summarise(run, root, step, state));
    else if (step.region < 0) summaries.push(pendingSummary(step));
  }
  for (const scope of run.state.scopes.values()) {
    if (scope.owner === null) continue;
    for (const [stepId, state] of scope.steps) {
      const step = stepOfScope(run.state, run.plan, scope, stepId);
      if (step !== undefined) summaries.push(summarise(run, scope, step, state));
    }
  }
  return summaries;
}

function pendingSummary(step: StepPlan): StepSummary {
  return { step_id: step.step_id, scope: '', type: step.type_id, status: 'pending', attempt: 0, error: null };
}

function summarise(run: Run, scope: ScopeState, step: StepPlan, state: StepState): StepSummary {
  const summary = {
    ...pendingSummary(step),
    scope: scope.path,
    status: state.status,
    attempt: state.attempt,
    error: state.error,
  };
  const waitingFor = waitsFor(run, { scope, step, state });
  return waitingFor === null ? summary : { ...summary, waiting_for: waitingFor };
}
