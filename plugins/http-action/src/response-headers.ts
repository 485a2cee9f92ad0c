import { forbiddenKeys, type Json, type JsonObject } from '@llmteam/contracts';
import type { Dispatcher } from 'undici';

/** Headers by lower-case name; one that occurs more than once is a list. */
export function shownHeaders(headers: Dispatcher.ResponseData['headers'], omitted: readonly string[] = []): JsonObject {
  const shown: Record<string, Json> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || forbiddenKeys.has(name) || omitted.includes(name)) continue;
    shown[name] = value;
  }
  return shown;
}
