import type { RunEvent, RunResult } from '@llmteam/contracts';
import { writeText } from './files.js';
import type { Settings } from './settings.js';

export interface ResultOptions {
  /** Every event as a line, the result as the last one. */
  readonly json?: boolean;
  /** The result goes to this file too. */
  readonly output?: string;
}

export function printEvents(events: readonly RunEvent[], { streams }: Settings): void {
  streams.print(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/** @throws LlmteamError `FILE_UNREADABLE`; the result is on stdout all the same */
export function printResult(result: RunResult, options: ResultOptions, { streams }: Settings): void {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  streams.print(options.json === true ? `${JSON.stringify(result)}\n` : text);
  if (options.output !== undefined) writeText(options.output, text);
}
