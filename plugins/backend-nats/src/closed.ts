import { LlmteamError } from '@llmteam/contracts';

/** What every method of a closed port rejects with. */
export function closedError(port: string): LlmteamError {
  return new LlmteamError('CLOSED', `The ${port} is closed`);
}
