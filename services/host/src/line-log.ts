import type { Logger } from '@llmteam/contracts';
import { pino, stdTimeFunctions } from 'pino';
import { prettyFactory } from 'pino-pretty';
import type { LogOptions } from './log-options.js';
import { makeRedactor } from './redaction.js';

/** Synchronous, so that nothing logged is lost if the process exits immediately. */
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

/** Replaces escape characters in the line's JSON, so that text from steps, models or plugins cannot control the terminal. */
function harmless(line: string): string {
  return line.replaceAll('\\u001b', '\\ufffd');
}
