import type { Clock } from '@llmteam/contracts';

/** `setTimeout` fires at once beyond this many milliseconds. */
const longest_timeout_ms = 2 ** 31 - 1;

/**
 * The time of this process: epoch milliseconds at its start plus a monotonic count since, so that a wall clock set back or
 * forth moves nothing. Timers keep the process alive until they fire or are cancelled.
 */
export function system_clock(): Clock {
  return {
    now: () => Math.floor(performance.timeOrigin + performance.now()),
    after(delay_ms, callback) {
      const due = performance.now() + Math.max(0, delay_ms);
      const sleep = (left: number) => setTimeout(wake, Math.min(Math.ceil(left), longest_timeout_ms));
      // Node may wake a little early, and long delays come in slices: what is left is slept again.
      const wake = () => {
        const left = due - performance.now();
        if (left > 0) handle = sleep(left);
        else callback();
      };
      let handle = sleep(delay_ms);
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
