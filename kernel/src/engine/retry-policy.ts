import { caps, type ErrorInfo, type RetryPolicy } from '@llmteam/contracts';
import { fraction_of } from './hash.js';

export interface RetryPlan {
  readonly max_attempts: number;
  readonly initial_ms: number;
  readonly backoff: number;
  readonly max_ms: number;
  readonly non_retryable: ReadonlySet<string>;
}

const longest_retry_after_ms = 3_600_000;
const jitter = 0.2;

export function retry_plan(policy: RetryPolicy | undefined, max_retries: number, supported: boolean): RetryPlan {
  const wanted = supported ? (policy?.max_attempts ?? max_retries + 1) : 1;
  return {
    max_attempts: Math.min(wanted, caps.attempts_per_step),
    initial_ms: (policy?.initial_interval_seconds ?? 1) * 1_000,
    backoff: policy?.backoff ?? 2,
    max_ms: (policy?.max_interval_seconds ?? 60) * 1_000,
    non_retryable: new Set(policy?.non_retryable),
  };
}

/**
 * Milliseconds until the attempt after `attempt`, or null if the failure is final. Never less than the policy says, at most 20 %
 * more; the extra is derived from `job_id`, so that a replay waits as long. A `retry_after_seconds` in the error's details is
 * waited for, an hour at most.
 */
export function retry_delay_ms(plan: RetryPlan, attempt: number, error: ErrorInfo, job_id: string): number | null {
  if (!error.recoverable || plan.non_retryable.has(error.error_code) || attempt >= plan.max_attempts) return null;
  // Nothing times a factor beyond all numbers is still nothing.
  const backoff = plan.initial_ms === 0 ? 0 : Math.min(plan.initial_ms * plan.backoff ** (attempt - 1), plan.max_ms);
  const asked = error.details?.retry_after_seconds;
  const retry_after = typeof asked === 'number' && asked > 0 ? Math.min(asked * 1_000, longest_retry_after_ms) : 0;
  return Math.ceil(Math.max(backoff, retry_after) * (1 + jitter * fraction_of(job_id)));
}
