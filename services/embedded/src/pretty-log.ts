import type { Logger } from '@llmteam/contracts';
import { pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogOptions } from './log-options.js';

const secrets = ['api_key', '*.api_key', 'authorization', '*.authorization', 'headers.*', '*.headers.*'];

/** Synchronous to the end: what was logged is written even if the process ends at once. */
export function pretty_log({ level, colours, write }: LogOptions): Logger {
  const pretty = prettyFactory({ colorize: colours, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
  return pino({ level, redact: secrets }, { write: (line: string) => write(pretty(harmless(line))) });
}

/** What a step, a model or a plugin said cannot steer the terminal: the escape character becomes a visible one, within the line's JSON. */
function harmless(line: string): string {
  return line.replaceAll('\\u001b', '\\ufffd');
}
