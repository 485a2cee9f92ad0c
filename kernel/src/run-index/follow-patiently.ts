import { type Clock, isLlmteamError, type Logger } from '@llmteam/contracts';

export interface Following {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const pauseMs = 500;

/** Follows again whenever following breaks for a passing reason, until the signal aborts. @throws what will not pass */
export async function followPatiently(
  what: string,
  { clock, log, signal }: Following,
  follow: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await follow();
    } catch (err) {
      if (signal.aborted) return;
      if (!isLlmteamError(err) || !err.recoverable) throw err;
      log.warn({ err }, `${what} cannot be followed; trying again`);
    }
    if (!signal.aborted) await pause(clock, signal);
  }
}

function pause(clock: Clock, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const wake = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', wake);
      resolve();
    };
    const timer = clock.after(pauseMs, wake);
    signal.addEventListener('abort', wake, { once: true });
  });
}
