import { LlmteamError } from '@llmteam/contracts';

/**
 * Does work without the global `fetch`, which sends nothing meanwhile. If it was called, that is what is wrong, whatever became of the
 * work: code may wrap the error in one of its own. @throws Error naming the way to use instead
 */
export async function withoutGlobalFetch<T>(instead: string, work: () => Promise<T>): Promise<T> {
  const message = `it uses the global 'fetch', which is refused where plugins run isolated: ${instead}`;
  const own = globalThis.fetch;
  const calls = { count: 0 };
  globalThis.fetch = () => {
    calls.count++;
    return Promise.reject(new LlmteamError('PERMISSION_DENIED', message));
  };
  try {
    const result = await work();
    if (calls.count > 0) throw new Error(message);
    return result;
  } catch (thrown) {
    throw calls.count > 0 ? new Error(message, { cause: thrown }) : thrown;
  } finally {
    globalThis.fetch = own;
  }
}
