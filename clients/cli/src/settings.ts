import { resolve } from 'node:path';
import type { Environment } from './environment.js';
import type { Gateway } from './remote/gateway-address.js';
import type { Streams } from './streams.js';

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** The options every command takes, as commander names them. */
export interface GlobalOptions {
  readonly home?: string;
  readonly config?: string;
  readonly color?: boolean;
  readonly quiet?: boolean;
  readonly logLevel?: LogLevel;
}

/** What every command is given. */
export interface Settings {
  /** Absolute. */
  readonly home: string;
  /** As the user must give it again; undefined: the default folder. */
  readonly homeOption: string | undefined;
  /** Whom the command asks; null: the stores of the home. */
  readonly gateway: Gateway | null;
  /** `--config`, absolute. */
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
