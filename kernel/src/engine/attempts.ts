/**
 * Purpose: runs task steps: dispatches attempts, applies their reports, handles retries and timeouts.
 * Owns: law 6 of "How a segment runs" and the limit on jobs in flight. Does not own: what follows a decided step.
 * Invariants: a report is applied once, and only for the attempt in flight (A1); late reports, duplicates and reports of
 * cancelled steps are no-ops (A2); no attempt is dispatched while the run is paused (A3).
 */
import {
  caps,
  errorInfo,
  type Job,
  type Json,
  type JsonObject,
  queueName,
  type StepMemoized,
  type StepReported,
  type StepStarted,
  stepKey,
  type Usage,
  usageSum,
} from '@llmteam/contracts';
import { holdsJob } from './cancel.js';
import { jobId } from './job-id.js';
import { retryOrFail } from './retrying.js';
import { completeStep, expressionError, failStep, hold } from './scheduling.js';
import type { RunState } from './state.js';
import { armStepTimer, disarmStepTimer } from './timers.js';
import { isOpen, type StepInstance, type Turn } from './turn.js';
import { capturedVariables, stepVariables } from './variables.js';

/** Dispatches the next attempt of a ready task step, or holds it until a slot is free. Steps already held go first. */
export function startAttempt(turn: Turn, instance: StepInstance, cause: number): void {
  const { run } = turn;
  if (run.status === 'paused' || run.held.length > 0 || !hasRoom(turn)) hold(turn, instance, cause);
  else dispatch(turn, instance, cause);
}

/**
 * Whether another job may be dispatched. If filling in configs has used up much of the turn's work, the rest waits for the next report, so
 * that many jobs with large inputs neither fail nor block the process.
 */
export function hasRoom({ run, plan, work }: Turn): boolean {
  if (run.in_flight >= plan.max_parallel) return false;
  return run.in_flight === 0 || work.left > caps.expression_units_per_entry / 2;
}

export function dispatch(turn: Turn, instance: StepInstance, cause: number): void {
  const { run } = turn;
  instance.state.held = false;
  let job: Job;
  instance.state.attempt++;
  instance.state.worker = null;
  try {
    job = buildJob(turn, instance);
  } catch (thrown) {
    failStep(turn, instance, expressionError(thrown), 0);
    return;
  }
  run.in_flight++;
  instance.state.status = 'queued';
  const queue = queueName(job.step_type, job.type_version);
  turn.emit('step.queued', instance, { queue }, { cause, severity: 'debug' });
  if (instance.step.queue_timeout_seconds !== null) {
    armStepTimer(turn, instance, 'queue', instance.step.queue_timeout_seconds * 1_000);
  }
  turn.effects.push({ kind: 'dispatch', job });
}

/** Builds the job of the current attempt; deterministic in the state. @throws LlmteamError `EXPRESSION_FAILED` */
export function buildJob(turn: Turn, instance: StepInstance): Job {
  const { run, plan } = turn;
  const variables = stepVariables(turn, instance);
  const captured = capturedVariables(instance.step, variables);
  const { ports = {} } = variables;
  const otherPorts = portsExceptInput(ports);
  const { run_id, tenant_id } = run.key;
  const key = stepKey(instance.scope.path, instance.step.step_id);
  return {
    job_id: jobId(run_id, instance, instance.state.attempt),
    run_id,
    tenant_id,
    instance_id: run.request.instance_id,
    segment_id: plan.segment.segment_id,
    step: key,
    step_id: instance.step.step_id,
    scope: instance.scope.path,
    step_type: instance.step.type_id,
    type_version: instance.step.type.metadata.version,
    attempt: instance.state.attempt,
    idempotency_key: `${run_id}/${key}`,
    config: instance.step.config.resolve(variables, turn.work),
    input: ports.input ?? null,
    ...(otherPorts !== null && { ports: otherPorts }),
    ...(instance.step.extraPorts.length > 0 && { extra_ports: [...instance.step.extraPorts] }),
    ...(captured !== null && { variables: captured }),
    ...(instance.state.memos !== null && { memos: instance.state.memos }),
    timeout_seconds: instance.step.timeout_seconds,
    deadline_at: run.deadline_at,
    journal_start: instance.step.journalStart,
    trace_id: run.request.trace_id,
  };
}

/** Null if there are none. */
function portsExceptInput(ports: Readonly<JsonObject>): JsonObject | null {
  const names = Object.keys(ports).filter((name) => name !== 'input');
  return names.length === 0 ? null : Object.fromEntries(names.map((name) => [name, ports[name] as Json]));
}

/** A1, A2: whether the fact's attempt is the one in flight. */
function isInFlight(instance: StepInstance, attempt: number): boolean {
  return holdsJob(instance.state, instance) && instance.state.attempt === attempt;
}

export function onStarted(turn: Turn, instance: StepInstance, fact: StepStarted): void {
  if (!isInFlight(instance, fact.attempt) || instance.state.status === 'running') return;
  begin(turn, instance, fact.at, fact.worker);
  instance.state.worker = fact.worker;
  disarmStepTimer(turn, instance);
  // Of all others the worker alone measures the time: whether a start is journaled must not change how an attempt ends.
  if (instance.step.journalStart && instance.step.timeout_seconds !== null)
    armStepTimer(turn, instance, 'attempt', instance.step.timeout_seconds * 1_000);
}

function begin(turn: Turn, instance: StepInstance, timestamp: number, worker: string): void {
  instance.state.status = 'running';
  turn.emit('step.started', instance, { worker }, { timestamp });
}

export function onMemoized(instance: StepInstance, fact: StepMemoized): void {
  if (!isOpen(instance) || fact.attempt > instance.state.attempt) return;
  instance.state.memos = { ...instance.state.memos, [fact.name]: fact.value };
}

export function onReported(turn: Turn, instance: StepInstance, fact: StepReported): void {
  if (!isInFlight(instance, fact.attempt)) return;
  if (instance.state.status === 'queued') begin(turn, instance, fact.started_at, fact.worker);
  disarmStepTimer(turn, instance);
  instance.state.worker = null;
  turn.run.in_flight--;
  addUsage(turn.run, fact.usage);
  for (const activity of fact.activities ?? []) {
    turn.emit(activity.event_type, instance, activity.payload, {
      timestamp: activity.at,
      severity: activity.event_type === 'action.failed' ? 'warning' : 'info',
      ...(activity.duration_ms !== undefined && { duration_ms: Math.round(activity.duration_ms) }),
    });
  }
  const durationMs = Math.max(0, fact.at - fact.started_at);
  if (fact.error !== undefined) retryOrFail(turn, instance, fact.error, durationMs);
  else completeStep(turn, instance, fact.ports ?? {}, durationMs);
}

export function addUsage(run: RunState, usage: Usage | undefined): void {
  if (usage !== undefined) run.usage = usageSum(run.usage, usage);
}

/** Handles a task step's timer that came due. */
export function onStepTimer(turn: Turn, instance: StepInstance, kind: 'retry' | 'attempt' | 'queue'): void {
  if (kind === 'retry') {
    instance.state.error = null;
    startAttempt(turn, instance, instance.state.event);
    return;
  }
  turn.run.in_flight--;
  turn.effects.push({ kind: 'cancel_jobs', job_ids: [jobId(turn.run.key.run_id, instance, instance.state.attempt)] });
  const { step_id, timeout_seconds, queue_timeout_seconds } = instance.step;
  const queue = queueName(instance.step.type_id, instance.step.type.metadata.version);
  const limitSeconds = (kind === 'attempt' ? timeout_seconds : queue_timeout_seconds) ?? 0;
  const error =
    kind === 'attempt'
      ? errorInfo('STEP_TIMEOUT', `step '${step_id}' took longer than ${timeout_seconds} s`)
      : errorInfo('NO_WORKER', `no worker of '${queue}' started step '${step_id}' within ${queue_timeout_seconds} s`);
  retryOrFail(turn, instance, error, Math.round(limitSeconds * 1_000));
}
