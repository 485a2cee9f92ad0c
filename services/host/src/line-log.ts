import type { Logger } from '@llmteam/contracts';
import { pino, stdTimeFunctions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogOptions } from './log-options.js';
import { makeRedactor } from './redaction.js';

/** Synchronous to the end: what was logged is written even if the process ends at once. */
export function lineLog({ level, format, colours, secrets, write }: LogOptions): Logger {
  const withoutSecrets = makeRedactor(secrets);
  const shape = format === 'json' ? (line: string) => line : prettyLines(colours);
  const options = {
    level,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return pino(options, { write: (line: string) => write(shape(withoutSecrets(line))) });
}

function prettyLines(colorize: boolean): (line: string) => string {
  const pretty = prettyFactory({ colorize, ignore: 'pid,hostname', translateTime: 'SYS:HH:MM:ss.l' });
  return (line) => pretty(harmless(line));
}

/** What a step, a model or a plugin said cannot steer the terminal: the escape character becomes a visible one, within the line's JSON. */
function harmless(line: string): string {
  return line.replaceAll('\\u001b', '\\ufffd');
}
