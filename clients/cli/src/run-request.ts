import type { Json } from '@llmteam/contracts';
import { parse_argument, read_json } from './files.js';
import type { ResultOptions } from './result-output.js';

/** What `llmteam run` is asked for. */
export interface RunOptions extends ResultOptions {
  readonly input?: string;
  readonly inputJson?: string;
  readonly timeout?: number;
  readonly tenant: string;
  readonly correlationId?: string;
}

/** @throws LlmteamError `FILE_UNREADABLE`, `JSON_INVALID` */
export async function read_input({ input, inputJson }: RunOptions): Promise<Json> {
  if (inputJson !== undefined) return parse_argument('-j', inputJson);
  return input === undefined ? {} : read_json(input);
}
