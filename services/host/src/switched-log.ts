/**
 * Purpose: a log whose level is changed while the process runs: SIGUSR2 sets it to `debug`, and back to what is configured.
 * Owns: which of two logs a line goes to. SIGUSR1 is Node's own, for its inspector.
 */
import type { Logger, LogLevel } from '@llmteam/contracts';
import type { LogOptions } from './log-options.js';

export interface SwitchedOptions {
  /** Writes at the configured level. */
  readonly normal: Logger;
  readonly configured: LogOptions['level'];
  /** Writes at every level. Opened when it is first needed. */
  readonly openDetailed: () => Promise<Logger>;
}

interface Detail {
  log: Logger | null;
  isWanted: boolean;
}

const signal = 'SIGUSR2';

/** The signal is taken until the process ends. */
export function switchedLog({ normal, configured, openDetailed }: SwitchedOptions): Logger {
  const detail: Detail = { log: null, isWanted: false };
  const toggle = async (): Promise<void> => {
    detail.isWanted = !detail.isWanted && configured !== 'debug';
    detail.log ??= await openDetailed();
    detail.log.info({ log_level: detail.isWanted ? 'debug' : configured }, 'the log level was changed by a signal');
  };
  process.on(signal, () => {
    toggle().catch((err: unknown) => normal.error({ err }, 'the log level could not be changed'));
  });
  return new SwitchedLog(normal, detail, {});
}

class SwitchedLog implements Logger {
  private detailed: Logger | null = null;

  constructor(
    private readonly normal: Logger,
    private readonly detail: Detail,
    private readonly always: object,
  ) {}

  debug(fields: object, message?: string): void {
    this.chosen.debug(fields, message);
  }

  info(fields: object, message?: string): void {
    this.chosen.info(fields, message);
  }

  warn(fields: object, message?: string): void {
    this.chosen.warn(fields, message);
  }

  error(fields: object, message?: string): void {
    this.chosen.error(fields, message);
  }

  child(fields: object): Logger {
    return new SwitchedLog(this.normal.child(fields), this.detail, { ...this.always, ...fields });
  }

  isLevelEnabled(level: LogLevel): boolean {
    return this.chosen.isLevelEnabled?.(level) ?? true;
  }

  private get chosen(): Logger {
    const { log, isWanted } = this.detail;
    if (!isWanted || log === null) return this.normal;
    this.detailed ??= log.child(this.always);
    return this.detailed;
  }
}
