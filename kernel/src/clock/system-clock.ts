import type { Clock } from '@llmteam/contracts';

/** `setTimeout` fires at once beyond this many milliseconds. */
const longestTimeoutMs = 2 ** 31 - 1;

/**
 * The time of this process: epoch milliseconds at its start plus a monotonic count since, so that a wall clock set back or
 * forth moves nothing. Timers keep the process alive until they fire or are cancelled.
 */
export function systemClock(): Clock {
  return {
    now: () => Math.floor(performance.timeOrigin + performance.now()),
    after(delayMs, callback) {
      const due = performance.now() + Math.max(0, delayMs);
      const sleep = (left: number) => setTimeout(wake, Math.min(Math.ceil(left), longestTimeoutMs));
      // Node may wake a little early, and long delays come in slices: what is left is slept again.
      const wake = () => {
        const left = due - performance.now();
        if (left > 0) handle = sleep(left);
        else callback();
      };
      let handle = sleep(delayMs);
      return { cancel: () => clearTimeout(handle) };
    },
  };
}
