import { isLlmteamError, LlmteamError, toErrorInfo } from '@llmteam/contracts';
import type { Isolate } from './isolate.js';
import type { IsolatePools, Lease } from './isolate-pools.js';

/** After a piece of work was aborted its code has this long to end by itself. */
const graceMs = 1_000;

/** @throws LlmteamError `STEP_CRASHED` if another process or thread is needed and does not start */
export async function leaseOf(pools: IsolatePools, key: string, who: string): Promise<Lease> {
  try {
    return await pools.lease(key);
  } catch (cause) {
    if (isLlmteamError(cause)) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new LlmteamError('STEP_CRASHED', `${who} could not be started for the step: ${why}`, { cause });
  }
}

/** Tells the code that it is no longer wanted, and ends it if it does not listen. */
export function endWhenAborted(isolate: Isolate, signal: AbortSignal): () => void {
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
