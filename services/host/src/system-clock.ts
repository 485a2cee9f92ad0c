import type { Clock } from '@llmteam/contracts';

/** `setTimeout` fires immediately for longer delays. */
const longestTimeoutMs = 2 ** 31 - 1;

/**
 * Epoch milliseconds at process start plus monotonic time since, so adjustments of the wall clock have no effect. Timers keep
 * the process alive until they fire or are cancelled.
 */
export function systemClock(): Clock {
  return {
    now: () => Math.floor(performance.timeOrigin + performance.now()),
    after(delayMs, callback) {
      const due = performance.now() + Math.max(0, delayMs);
      const sleep = (left: number) => setTimeout(wake, Math.min(Math.ceil(left), longestTimeoutMs));
      // Node may wake slightly early, and long delays are split: sleep for what is left.
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
