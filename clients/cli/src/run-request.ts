import type { Json, RunMetadata } from '@llmteam/contracts';
import { parseArgument, readJson } from './files.js';
import type { ResultOptions } from './result-output.js';

/** Options of `llmteam run`. */
export interface RunOptions extends ResultOptions {
  readonly input?: string;
  readonly inputJson?: string;
  readonly timeout?: number;
  readonly tenant: string;
  readonly correlationId?: string;
  readonly metadata?: RunMetadata;
  readonly watch?: boolean;
}

/** @throws LlmteamError `FILE_UNREADABLE`, `JSON_INVALID` */
export async function readInput({ input, inputJson }: RunOptions): Promise<Json> {
  if (inputJson !== undefined) return parseArgument('-j', inputJson);
  return input === undefined ? {} : readJson(input);
}
