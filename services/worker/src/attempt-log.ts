/**
 * Purpose: a log line as a worker begins and ends an attempt, with the ids of run, step and trace.
 * Nothing of its input, output or error but the code: those are in the history, for who may read it.
 */
import type { Job, Logger, StepReported } from '@llmteam/contracts';
import type { JobEnd, WorkObserver } from '@llmteam/kernel';

/** The worker, or the process of the handler, did not survive the attempt. */
const lost: ReadonlySet<string> = new Set(['WORKER_LOST', 'STEP_CRASHED']);

export function attemptLog(log: Logger): WorkObserver {
  return {
    began(job: Job, deliveries: number): void {
      if (deliveries > 1) log.info({ ...idsOf(job), deliveries }, 'attempt begins again');
      else if (log.isLevelEnabled?.('debug') !== false) log.debug(idsOf(job), 'attempt started');
    },
    reported(job: Job, { at, started_at, error }: StepReported): void {
      const durationMs = Math.max(0, at - started_at);
      if (error === undefined) {
        if (log.isLevelEnabled?.('debug') !== false)
          log.debug({ ...idsOf(job), duration_ms: durationMs }, 'attempt completed');
        return;
      }
      const fields = { ...idsOf(job), duration_ms: durationMs, error_code: error.error_code };
      if (lost.has(error.error_code)) log.warn(fields, 'attempt lost');
      else log.info(fields, 'attempt failed');
    },
    ended(job: Job, how: JobEnd): void {
      if (how === 'handed_back') log.info(idsOf(job), 'attempt handed back');
      if (how === 'dropped') log.info(idsOf(job), 'attempt dropped without a report');
    },
  };
}

/** Tells each of them. */
export function observers(all: readonly WorkObserver[]): WorkObserver {
  return {
    began: (job, deliveries, waitedMs) => {
      for (const one of all) one.began(job, deliveries, waitedMs);
    },
    reported: (job, report) => {
      for (const one of all) one.reported(job, report);
    },
    ended: (job, how) => {
      for (const one of all) one.ended(job, how);
    },
    lost: (job) => {
      for (const one of all) one.lost?.(job);
    },
    modelCalled: (call) => {
      for (const one of all) one.modelCalled?.(call);
    },
  };
}

function idsOf({
  run_id,
  tenant_id,
  segment_id,
  step,
  step_id,
  step_type,
  scope,
  attempt,
  trace_id,
  traceparent,
}: Job): object {
  const [, traceId = trace_id] = traceparent?.split('-') ?? [];
  const ofStep = { step, step_id, step_type, ...(scope !== '' && { scope }), attempt };
  return { run_id, tenant_id, segment_id, trace_id: traceId, ...ofStep };
}
