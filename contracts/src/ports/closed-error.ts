import { LlmteamError } from '../errors.js';

/** The error with which every method of a closed port rejects; `port` is its display name. */
export function closedError(port: string): LlmteamError {
  return new LlmteamError('CLOSED', `The ${port} is closed`);
}
