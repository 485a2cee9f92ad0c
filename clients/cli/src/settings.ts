import { resolve } from 'node:path';
import type { Environment } from './environment.js';
import type { Gateway } from './remote/gateway-address.js';
import type { Streams } from './streams.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The global options, as commander names them. */
export interface GlobalOptions {
  readonly home?: string;
  readonly config?: string;
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: LogLevel;
}

/** Passed to every action. */
export interface Settings {
  /** Absolute path. */
  readonly home: string;
  /** `--home` as given, for suggested commands; undefined if it was not given. */
  readonly homeOption: string | undefined;
  /** The gateway to talk to; null selects the local stores in `home`. */
  readonly gateway: Gateway | null;
  /** `--config` as an absolute path. */
  readonly config: string | undefined;
  readonly quiet: boolean;
  readonly logLevel: LogLevel | undefined;
  readonly colours: { readonly stdout: boolean; readonly stderr: boolean };
  readonly environment: Environment;
  readonly streams: Streams;
}

const defaultHome = '.llmteam';

export function makeSettings(options: GlobalOptions, environment: Environment, streams: Streams): Settings {
  const allowed = options.color === false ? false : environment.colours;
  return {
    home: resolve(options.home ?? environment.home ?? defaultHome),
    homeOption: options.home,
    gateway: null,
    config: options.config === undefined ? undefined : resolve(options.config),
    quiet: options.quiet === true,
    logLevel: options.logLevel,
    colours: {
      stdout: allowed ?? (streams.stdoutIsTerminal && environment.canRedraw),
      stderr: allowed ?? (streams.stderrIsTerminal && environment.canRedraw),
    },
    environment,
    streams,
  };
}
