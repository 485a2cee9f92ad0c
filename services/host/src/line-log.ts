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

/**
 * Text from steps, models or plugins cannot control the terminal, nor begin a line of its own: the message of a line is one line, and characters
 * that begin a control sequence are replaced.
 */
function harmless(line: string): string {
  return withPlainMessage(line)
    .replaceAll('\\u001b', '\\ufffd')
    .replaceAll(/[\u0080-\u009f]/g, '\ufffd');
}

function withPlainMessage(line: string): string {
  try {
    const { msg, ...fields } = JSON.parse(line) as { readonly msg?: unknown };
    const message = typeof msg === 'string' ? msg.replaceAll(/[\r\n\u2028\u2029]+/g, ' ') : msg;
    return JSON.stringify({ ...fields, msg: message });
  } catch {
    // A secret that looked like a part of the JSON was taken out of it. Such a line is printed as it is.
    return line;
  }
}
