import { caps, type ErrorInfo, type RetryPolicy } from '@llmteam/contracts';
import { fractionOf } from './hash.js';

export interface RetryPlan {
  readonly maxAttempts: number;
  readonly initialMs: number;
  readonly backoff: number;
  readonly maxMs: number;
  readonly nonRetryable: ReadonlySet<string>;
}

const maxRetryAfterMs = 3_600_000;
const jitter = 0.2;

export function retryPlan(policy: RetryPolicy | undefined, maxRetries: number, supported: boolean): RetryPlan {
  const maxAttempts = supported ? (policy?.max_attempts ?? maxRetries + 1) : 1;
  return {
    maxAttempts: Math.min(maxAttempts, caps.attempts_per_step),
    initialMs: (policy?.initial_interval_seconds ?? 1) * 1_000,
    backoff: policy?.backoff ?? 2,
    maxMs: (policy?.max_interval_seconds ?? 60) * 1_000,
    nonRetryable: new Set(policy?.non_retryable),
  };
}

/** Errors that report another one, in `details.cause`. */
const reporting: ReadonlySet<string> = new Set(['ITERATION_FAILED', 'CHILD_RUN_FAILED']);

/** Whether a retry may help: against the error itself, or against the one it reports. */
function mayPass({ error_code, recoverable, details }: ErrorInfo, nonRetryable: ReadonlySet<string>): boolean {
  if (nonRetryable.has(error_code)) return false;
  const cause = details?.cause;
  return reporting.has(error_code) && isErrorInfo(cause) ? mayPass(cause, nonRetryable) : recoverable;
}

function isErrorInfo(value: unknown): value is ErrorInfo {
  return typeof value === 'object' && value !== null && 'error_code' in value && 'recoverable' in value;
}

/**
 * Milliseconds until the attempt after `attempt`, or null if the failure is final. The policy's delay plus up to 20 %
 * jitter, derived from `jobId` so that a replay waits equally long. Honours `retry_after_seconds` in the error's
 * details, up to one hour.
 */
export function retryDelayMs(plan: RetryPlan, attempt: number, error: ErrorInfo, jobId: string): number | null {
  if (attempt >= plan.maxAttempts || !mayPass(error, plan.nonRetryable)) return null;
  // Avoids 0 * Infinity, which is NaN.
  const backoff = plan.initialMs === 0 ? 0 : Math.min(plan.initialMs * plan.backoff ** (attempt - 1), plan.maxMs);
  const seconds = error.details?.retry_after_seconds;
  const retryAfter = typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * 1_000, maxRetryAfterMs) : 0;
  return Math.ceil(Math.max(backoff, retryAfter) * (1 + jitter * fractionOf(jobId)));
}
