import { inspect } from 'node:util';
import type { Logger } from '@llmteam/contracts';

export interface RecordingLogger extends Logger {
  /** `level message {fields}`, those of child loggers included. */
  readonly lines: readonly string[];
}

/** Keeps what is logged. */
export function recordingLogger(lines: string[] = []): RecordingLogger {
  const at =
    (level: string) =>
    (fields: object, message = ''): void =>
      void lines.push(`${level} ${message} ${written(fields)}`);
  const log: RecordingLogger = {
    lines,
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: () => log,
  };
  return log;
}

/** Like any logger, it writes whatever it is given. */
function written(fields: object): string {
  try {
    return JSON.stringify(fields);
  } catch {
    return inspect(fields);
  }
}
