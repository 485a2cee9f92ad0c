import type { Logger } from '@llmteam/contracts';
import type { LogLevel, Saying } from '../isolate-messages.js';
import { plainFields } from './plain-values.js';

/** A logger whose lines are the host's. `always` are fields of every line. */
export function isolatedLog(line: { send(message: Saying): void }, always: object = {}): Logger {
  const at = (level: LogLevel) => (fields: object, message?: string) =>
    line.send({ tell: 'log', level, fields: plainFields({ ...always, ...fields }), message: String(message ?? '') });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => isolatedLog(line, { ...always, ...fields }),
  };
}
