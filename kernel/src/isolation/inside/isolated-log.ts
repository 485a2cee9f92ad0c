import type { Logger } from '@llmteam/contracts';
import { pluginLog } from '../../runtime/plugin-log.js';
import type { LogLevel, Saying } from '../isolate-messages.js';

/** A logger whose lines are the host's. */
export function isolatedLog(line: { send(message: Saying): void }): Logger {
  return pluginLog(telling(line, {}));
}

function telling(line: { send(message: Saying): void }, always: object): Logger {
  const at = (level: LogLevel) => (fields: object, message?: string) =>
    line.send({ tell: 'log', level, fields: { ...always, ...fields }, message: String(message) });
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => telling(line, { ...always, ...fields }),
  };
}
