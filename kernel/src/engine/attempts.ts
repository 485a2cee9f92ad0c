/**
 * Purpose: task steps: dispatching attempts, what their reports mean, retries and time-outs.
 * Owns: law 6 of "How a segment runs", the limit on jobs in flight. Does not own: what follows a decided step.
 * Invariants: a report counts once, for the attempt that is in flight (A1); a late one, a second one, one of a cancelled step changes
 * nothing (A2); no attempt is dispatched while the run is paused (A3).
 */
import {
  type ErrorInfo,
  error_info,
  type Job,
  type Json,
  type JsonObject,
  queue_name,
  type StepMemoized,
  type StepReported,
  type StepStarted,
  step_key,
  type Usage,
} from '@llmteam/contracts';
import { holds_job } from './cancel.js';
import { job_id } from './job-id.js';
import { retry_delay_ms } from './retry-policy.js';
import { complete_step, expression_error, fail_step, hold } from './scheduling.js';
import type { RunState } from './state.js';
import { arm_step_timer, disarm_step_timer } from './timers.js';
import { type At, is_open, type Turn } from './turn.js';
import { captured_variables, step_variables } from './variables.js';

/** A ready task step gets its first or next attempt, now or when there is room. Steps that wait for room go first. */
export function start_attempt(turn: Turn, at: At, cause: number): void {
  const { run } = turn;
  const has_room = run.held.length === 0 && run.in_flight < turn.plan.max_parallel;
  if (run.status === 'paused' || !has_room) hold(turn, at, cause);
  else dispatch(turn, at, cause);
}

/** The next attempt becomes a job. */
export function dispatch(turn: Turn, at: At, cause: number): void {
  const { run } = turn;
  at.state.held = false;
  let job: Job;
  at.state.attempt++;
  try {
    job = build_job(turn, at);
  } catch (thrown) {
    fail_step(turn, at, expression_error(thrown), 0);
    return;
  }
  run.in_flight++;
  at.state.status = 'queued';
  const queue = queue_name(job.step_type, job.type_version);
  turn.emit('step.queued', at, { cause, payload: { queue }, severity: 'debug' });
  if (at.step.queue_timeout_seconds !== null) {
    arm_step_timer(turn, at, 'queue', at.step.queue_timeout_seconds * 1_000);
  }
  turn.effects.push({ kind: 'dispatch', job });
}

/** The job of the attempt in force. The same state gives the same job. @throws LlmteamError `EXPRESSION_FAILED` */
export function build_job(turn: Turn, at: At): Job {
  const { run, plan } = turn;
  const variables = step_variables(turn, at);
  const captured = captured_variables(at.step, variables);
  const { ports = {} } = variables;
  const others = ports_but_input(ports);
  const { run_id, tenant_id } = run.key;
  const key = step_key(at.scope.path, at.step.step_id);
  return {
    job_id: job_id(run_id, at, at.state.attempt),
    run_id,
    tenant_id,
    instance_id: run.request.instance_id,
    segment_id: plan.segment.segment_id,
    step: key,
    step_id: at.step.step_id,
    scope: at.scope.path,
    step_type: at.step.type_id,
    type_version: at.step.type.metadata.version,
    attempt: at.state.attempt,
    idempotency_key: `${run_id}/${key}`,
    config: at.step.config.resolve(variables),
    input: ports.input ?? null,
    ...(others !== null && { ports: others }),
    ...(at.step.extra_ports.length > 0 && { extra_ports: [...at.step.extra_ports] }),
    ...(captured !== null && { variables: captured }),
    ...(at.state.memos !== null && { memos: at.state.memos }),
    timeout_seconds: at.step.timeout_seconds,
    deadline_at: run.deadline_at,
    journal_start: at.step.journal_start,
    trace_id: run.request.trace_id,
  };
}

/** null: there are none. */
function ports_but_input(ports: Readonly<JsonObject>): JsonObject | null {
  const names = Object.keys(ports).filter((name) => name !== 'input');
  return names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, ports[name] as Json]));
}

/** Law A1 and A2: the attempt a fact speaks of, if it is the one in flight. */
function current(at: At, attempt: number): boolean {
  return holds_job(at.state, at) && at.state.attempt === attempt;
}

export function on_started(turn: Turn, at: At, fact: StepStarted): void {
  if (!current(at, fact.attempt) || at.state.status === 'running') return;
  begin(turn, at, fact.at, fact.worker);
  disarm_step_timer(turn, at);
  if (at.step.timeout_seconds !== null) arm_step_timer(turn, at, 'attempt', at.step.timeout_seconds * 1_000);
}

function begin(turn: Turn, at: At, timestamp: number, worker: string): void {
  at.state.status = 'running';
  turn.emit('step.started', at, { timestamp, payload: { worker } });
}

export function on_memoized(at: At, fact: StepMemoized): void {
  if (!is_open(at) || fact.attempt > at.state.attempt) return;
  at.state.memos = { ...at.state.memos, [fact.name]: fact.value };
}

export function on_reported(turn: Turn, at: At, fact: StepReported): void {
  if (!current(at, fact.attempt)) return;
  if (at.state.status === 'queued') begin(turn, at, fact.started_at, fact.worker);
  disarm_step_timer(turn, at);
  turn.run.in_flight--;
  add_usage(turn.run, fact.usage);
  for (const activity of fact.activities ?? []) {
    turn.emit(activity.event_type, at, {
      timestamp: activity.at,
      payload: activity.payload,
      severity: activity.event_type === 'action.failed' ? 'warning' : 'info',
      ...(activity.duration_ms !== undefined && { duration_ms: Math.round(activity.duration_ms) }),
    });
  }
  const duration_ms = Math.max(0, fact.at - fact.started_at);
  if (fact.error !== undefined) end_attempt_in_failure(turn, at, fact.error, duration_ms);
  else complete_step(turn, at, fact.ports ?? {}, duration_ms);
}

export function add_usage(run: RunState, usage: Usage | undefined): void {
  if (usage === undefined) return;
  const cost = (run.usage.cost_usd ?? 0) + (usage.cost_usd ?? 0);
  const has_cost = run.usage.cost_usd !== undefined || usage.cost_usd !== undefined;
  run.usage = {
    input_tokens: run.usage.input_tokens + usage.input_tokens,
    output_tokens: run.usage.output_tokens + usage.output_tokens,
    ...(has_cost && { cost_usd: cost }),
  };
}

/** A failed attempt is repeated by the step's policy, or the step has failed. */
function end_attempt_in_failure(turn: Turn, at: At, error: ErrorInfo, duration_ms: number): void {
  const { state } = at;
  const id = job_id(turn.run.key.run_id, at, state.attempt);
  const delay_ms = retry_delay_ms(at.step.retry, state.attempt, error, id);
  if (delay_ms === null) {
    fail_step(turn, at, error, duration_ms);
    return;
  }
  state.status = 'retrying';
  state.error = error;
  const payload = { delay_ms, next_attempt: state.attempt + 1, max_attempts: at.step.retry.max_attempts };
  turn.emit('step.retrying', at, { error, severity: 'warning', payload, duration_ms });
  arm_step_timer(turn, at, 'retry', delay_ms);
}

/** A timer of a task step came due. */
export function on_step_timer(turn: Turn, at: At, kind: 'retry' | 'attempt' | 'queue'): void {
  at.state.timer = null;
  if (kind === 'retry') {
    at.state.error = null;
    start_attempt(turn, at, at.state.event);
    return;
  }
  turn.run.in_flight--;
  turn.effects.push({ kind: 'cancel_jobs', job_ids: [job_id(turn.run.key.run_id, at, at.state.attempt)] });
  const { step_id, timeout_seconds, queue_timeout_seconds } = at.step;
  const queue = queue_name(at.step.type_id, at.step.type.metadata.version);
  const limit_seconds = (kind === 'attempt' ? timeout_seconds : queue_timeout_seconds) ?? 0;
  const error =
    kind === 'attempt'
      ? error_info('STEP_TIMEOUT', `step '${step_id}' took longer than ${timeout_seconds} s`)
      : error_info('NO_WORKER', `no worker of '${queue}' started step '${step_id}' within ${queue_timeout_seconds} s`);
  end_attempt_in_failure(turn, at, error, Math.round(limit_seconds * 1_000));
}
