import { isLlmteamError } from '@llmteam/contracts';
import { wrong } from '../errors/request-invalid.js';

/** Reads a page from the client's cursor. @throws LlmteamError `REQUEST_INVALID` if the cursor is not from this list */
export async function listPage<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (thrown) {
    if (!isLlmteamError(thrown) || thrown.code !== 'USAGE') throw thrown;
    throw wrong('query', '/cursor', 'SCHEMA_VIOLATION', 'was not returned by a page of this list');
  }
}
