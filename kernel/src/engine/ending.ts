/**
 * Purpose: ends a run and reports its outcome.
 * Owns: law 11 of "How a segment runs": the output, the single final event, the outcome for the journal and the parent.
 */
import {
  type ChildEnded,
  type ErrorInfo,
  type FiredPorts,
  type Json,
  type RunEnded,
  type RunOutcome,
  runEndingEvents,
  type Severity,
} from '@llmteam/contracts';
import { cancelScope } from './cancel.js';
import type { Effect } from './effects.js';
import { expressionError } from './scheduling.js';
import { isEnded, type RunState } from './state.js';
import { disarm } from './timers.js';
import type { Turn } from './turn.js';
import { scopeVariables } from './variables.js';

const severities: Readonly<Record<RunOutcome, Severity>> = {
  completed: 'info',
  failed: 'error',
  cancelled: 'warning',
  timeout: 'error',
};

/** Ends a run with no work left: completed, or failed if a branch failed while the others finished. */
export function finishRun(turn: Turn): void {
  if (turn.run.error !== null) {
    endRun(turn, 'failed', turn.run.error);
    return;
  }
  let output: Json;
  try {
    output = outputOf(turn);
  } catch (thrown) {
    endRun(turn, 'failed', expressionError(thrown));
    return;
  }
  endRun(turn, 'completed', null, output);
}

/** Cancels remaining steps and timers, then emits the outcome. */
export function endRun(turn: Turn, outcome: RunOutcome, error: ErrorInfo | null, output: Json = null): void {
  const { run } = turn;
  const root = run.scopes.get('');
  if (root !== undefined && outcome !== 'completed') cancelScope(turn, root);
  for (const id of [...run.timers.keys()]) disarm(turn, id);
  run.stopped_timers.clear();
  run.status = outcome;
  run.error = error;
  run.output = output;
  run.ended_at = turn.now;
  const severity = severities[outcome];
  const details = { severity, duration_ms: turn.now - run.request.at };
  turn.emitRun(runEndingEvents[outcome], counts(run), error === null ? details : { ...details, error });
  turn.effects.push(...endEffects(run));
}

function counts(run: RunState): { steps_completed: number; steps_total: number } {
  return { steps_completed: run.steps_completed, steps_total: run.steps_total };
}

/** The effects that report an ended run: the parent is notified first, the journal entry comes last. */
export function endEffects(run: RunState): Effect[] {
  if (!isEnded(run) || run.is_recorded) return [];
  const { status, output, error, usage } = run;
  const common = { at: run.ended_at ?? run.at, status, output, error, usage };
  const end: RunEnded = { type: 'run.ended', ...common, ...counts(run), seq: run.seq };
  const { parent } = run.request;
  if (parent === undefined) return [{ kind: 'record_end', fact: end }];
  const childEnded: ChildEnded = { type: 'child.ended', ...common, step: parent.step, child_run_id: run.key.run_id };
  return [
    { kind: 'notify_parent', run_id: parent.run_id, fact: childEnded },
    { kind: 'record_end', fact: end },
  ];
}

/**
 * The segment's `output` expression. Without one, the value of the last step, or null; if several steps could be the last of the same run,
 * an object by step id, however many completed.
 */
function outputOf(turn: Turn): Json {
  const { plan, run } = turn;
  const root = run.scopes.get('');
  if (root === undefined) return null;
  if (plan.output !== null) {
    return plan.output.evaluate({ ...scopeVariables(run, root), input: run.request.input }, turn.work);
  }
  const finals: [string, Json][] = [];
  for (const step of plan.steps) {
    const state = root.steps.get(step.step_id);
    if (state?.status === 'completed' && !state.led_on && state.outputs !== null) {
      finals.push([step.step_id, outputValue(state.outputs)]);
    }
  }
  if (finals.length > 1 || !plan.hasSingleEnd()) return Object.fromEntries(finals);
  return finals[0]?.[1] ?? null;
}

/** The value of port `output`. If that did not fire, the value of the only port that did, or an object by port. */
function outputValue(outputs: FiredPorts): Json {
  if (Object.hasOwn(outputs, 'output')) return outputs.output as Json;
  const values = Object.values(outputs);
  return values.length === 1 ? (values[0] as Json) : outputs;
}
