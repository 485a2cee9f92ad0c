import { isLlmteamError, LlmteamError, toErrorInfo } from '@llmteam/contracts';
import { type Isolate, NotBegun } from './isolate.js';
import type { IsolatePools, Lease, Purpose } from './isolate-pools.js';

/** After a piece of work was aborted its code has this long to end by itself. */
const graceMs = 1_000;
const mostTries = 3;

export interface Piece<T> {
  readonly purpose: Purpose;
  /** Whose process or thread it is. */
  readonly who: string;
  readonly signal: AbortSignal;
  readonly work: (isolate: Isolate) => Promise<T>;
}

/**
 * Does a piece of work in an isolate; in another one if that did not even begin it, because of what its code was still doing.
 * @throws LlmteamError `STEP_CRASHED` if another process or thread is needed and does not start
 */
export async function inIsolate<T>(pools: () => IsolatePools, { purpose, who, signal, work }: Piece<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    const lease = await leaseOf(pools(), purpose, who);
    const unwatch = endWhenAborted(lease.isolate, signal);
    try {
      return await work(lease.isolate);
    } catch (thrown) {
      if (!(thrown instanceof NotBegun)) throw thrown;
      signal.throwIfAborted();
      if (tries >= mostTries) throw new LlmteamError('STEP_CRASHED', `${who} ${thrown.message}`, { cause: thrown });
    } finally {
      unwatch();
      lease.end();
    }
  }
}

async function leaseOf(pools: IsolatePools, purpose: Purpose, who: string): Promise<Lease> {
  try {
    return await pools.lease(purpose);
  } catch (cause) {
    if (isLlmteamError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LlmteamError('STEP_CRASHED', `${who} could not be started for the step: ${why}`, { cause });
  }
}

/** Tells the code that it is no longer wanted, and ends it if it does not listen. */
function endWhenAborted(isolate: Isolate, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined;
  const abort = () => {
    isolate.send({ do: 'abort', error: toErrorInfo(signal.reason) });
    timer = setTimeout(() => isolate.kill('did not stop when it was told to'), graceMs);
  };
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  return () => {
    signal.removeEventListener('abort', abort);
    clearTimeout(timer);
  };
}
