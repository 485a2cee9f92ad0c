import { type Clock, isLlmteamError, type Logger } from '@llmteam/contracts';

export interface FollowContext {
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

const pauseMs = 500;

/** Calls `follow` until the signal aborts, again after every recoverable error. @throws any other error of `follow` */
export async function followWithRetry(
  what: string,
  { clock, log, signal }: FollowContext,
  follow: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await follow();
    } catch (err) {
      if (signal.aborted) return;
      if (!isLlmteamError(err) || !err.recoverable) throw err;
      log.warn({ err }, `${what} cannot be followed; retrying`);
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
