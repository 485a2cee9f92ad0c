import type { Logger } from '@llmteam/contracts';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  /** What the line says besides, with the fields of its logger. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A logger that writes into a list. */
export function recordedLog(lines: LogLine[], inherited: object = {}): Logger {
  const write =
    (level: LogLine['level']) =>
    (fields: object, message = ''): void =>
      void lines.push({ level, message, fields: { ...inherited, ...fields } });
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => recordedLog(lines, { ...inherited, ...fields }),
  };
}
