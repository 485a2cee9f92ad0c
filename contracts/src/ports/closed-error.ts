import { LlmteamError } from '../errors.js';

/** What every method of a closed port rejects with; `port` is its name for people. */
export function closedError(port: string): LlmteamError {
  return new LlmteamError('CLOSED', `The ${port} is closed`);
}
