import { isLlmteamError, type Page } from '@llmteam/contracts';
import { wrong } from '../http/problem.js';

/** A list whose cursor the caller gave. @throws LlmteamError `REQUEST_INVALID` if it is none of ours */
export async function listPage<T>(read: () => Promise<Page<T>>): Promise<Page<T>> {
  try {
    return await read();
  } catch (thrown) {
    if (!isLlmteamError(thrown) || thrown.code !== 'USAGE') throw thrown;
    throw wrong('query', '/cursor', 'SCHEMA_VIOLATION', 'is not one that a page of this list gave');
  }
}
