import { isLlmteamError, type LlmteamError } from '@llmteam/contracts';
import * as assert from 'uvu/assert';

/** The LlmteamError that `work` rejects with; fails the test if it succeeds or rejects with anything else. */
async function rejection(work: () => unknown): Promise<LlmteamError> {
  try {
    await work();
  } catch (thrown) {
    if (isLlmteamError(thrown)) return thrown;
    throw thrown;
  }
  return assert.unreachable('expected an LlmteamError') as never;
}

export async function rejectsWith(code: string, work: () => unknown): Promise<LlmteamError> {
  const error = await rejection(work);
  assert.is(error.code, code, `${error.code}: ${error.message}`);
  return error;
}
