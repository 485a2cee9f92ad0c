import { type Code, isLlmteamError, type LlmteamError } from '@llmteam/contracts';
import * as assert from 'uvu/assert';

/** The error, which must have the code and contain each of the texts. */
export async function failure(
  act: () => Promise<unknown>,
  code: Code,
  ...texts: readonly (string | RegExp)[]
): Promise<LlmteamError> {
  const thrown = await act().then(
    (): unknown => new Error(`expected ${code}, but it worked`),
    (error: unknown) => error,
  );
  if (!isLlmteamError(thrown)) throw thrown;
  assert.is(thrown.code, code, `expected ${code}, got ${thrown.code}: ${thrown.message}`);
  for (const text of texts) assert.match(thrown.message, text);
  return thrown;
}
