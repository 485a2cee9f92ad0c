import type { RunEvent, RunResult } from '@llmteam/contracts';
import { writeText } from './files.js';
import type { Settings } from './settings.js';

export interface ResultOptions {
  /** Print events as JSON lines, the result last. */
  readonly json?: boolean;
  /** False: nobody is asked anything, even on a terminal. */
  readonly prompt?: boolean;
  /** Also write the result to this file. */
  readonly output?: string;
}

export function printEvents(events: readonly RunEvent[], { streams }: Settings): void {
  streams.print(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
}

/** @throws LlmteamError `FILE_UNREADABLE`, after the result has been printed on stdout */
export function printResult(result: RunResult, options: ResultOptions, { streams }: Settings): void {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  streams.print(options.json === true ? `${JSON.stringify(result)}\n` : text);
  if (options.output !== undefined) writeText(options.output, text);
}
