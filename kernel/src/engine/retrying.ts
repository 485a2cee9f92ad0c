import type { ErrorInfo } from '@llmteam/contracts';
import { jobId } from './job-id.js';
import { retryDelayMs } from './retry-policy.js';
import { failStep } from './scheduling.js';
import { armStepTimer } from './timers.js';
import type { StepInstance, Turn } from './turn.js';

/** Schedules another attempt if the step's policy allows one; otherwise fails the step. */
export function retryOrFail(turn: Turn, instance: StepInstance, error: ErrorInfo, durationMs: number): void {
  const { state, step } = instance;
  const id = jobId(turn.run.key.run_id, instance, state.attempt);
  const delayMs = step.retry.maxAttempts > 1 ? retryDelayMs(step.retry, state.attempt, error, id) : null;
  if (delayMs === null) {
    failStep(turn, instance, error, durationMs);
    return;
  }
  state.status = 'retrying';
  state.error = error;
  const payload = { delay_ms: delayMs, next_attempt: state.attempt + 1, max_attempts: step.retry.maxAttempts };
  turn.emit('step.retrying', instance, payload, { error, severity: 'warning', duration_ms: durationMs });
  armStepTimer(turn, instance, 'retry', delayMs);
}
