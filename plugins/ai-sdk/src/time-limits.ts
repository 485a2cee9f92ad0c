import type { TimeLimits } from './model-options.js';

const defaultTimeoutSeconds = 300;

export interface OpenTimeLimits {
  /** Aborts when a limit is passed. */
  readonly signal: AbortSignal;
  /** Which limit was passed; undefined if none was. */
  readonly passed: Error | undefined;
  /** The answer is streamed: from now on the first token is waited for. */
  streams(): void;
  /** A token came: from now on the next is waited for. */
  token(): void;
  close(): void;
}

/** Starts the limit of the whole call. */
export function openTimeLimits(limits: TimeLimits): OpenTimeLimits {
  const control = new AbortController();
  const state: { passed?: Error; next?: NodeJS.Timeout | undefined } = {};
  const { timeout_seconds = defaultTimeoutSeconds, first_token_seconds, token_gap_seconds } = limits;

  const after = (seconds: number | undefined, message: string): NodeJS.Timeout | undefined =>
    seconds === undefined
      ? undefined
      : setTimeout(() => {
          state.passed ??= new Error(message);
          control.abort();
        }, seconds * 1_000);

  const next = (seconds: number | undefined, message: string): void => {
    clearTimeout(state.next);
    state.next = after(seconds, message);
  };

  const whole = after(timeout_seconds, `no complete answer within ${timeout_seconds} s (timeout_seconds)`);
  return {
    signal: control.signal,
    get passed() {
      return state.passed;
    },
    streams: () => next(first_token_seconds, `no first token within ${first_token_seconds} s (first_token_seconds)`),
    token: () => next(token_gap_seconds, `no further token within ${token_gap_seconds} s (token_gap_seconds)`),
    close() {
      clearTimeout(whole);
      clearTimeout(state.next);
    },
  };
}
