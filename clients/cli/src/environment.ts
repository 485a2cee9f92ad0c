import type { CallerHeaders } from '@llmteam/service-host';

/** The environment of the process. No other file of the CLI reads it. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** `LLMTEAM_HOME` */
  readonly home: string | undefined;
  /** `LLMTEAM_URL` */
  readonly gatewayUrl: string | undefined;
  /** `LLMTEAM_KEY` */
  readonly gatewayKey: string | undefined;
  /** `TRACEPARENT` and `TRACESTATE`: the span that the command is part of, as build servers set them. */
  readonly caller: CallerHeaders;
  /** From `NO_COLOR` and `FORCE_COLOR`; undefined leaves it to the terminal's capabilities. */
  readonly colours: boolean | undefined;
  /** Whether the terminal can move its cursor. */
  readonly canRedraw: boolean;
  readonly hasUnicode: boolean;
}

export function readEnvironment(): Environment {
  const variables = process.env;
  const terminal = variables.TERM;
  const isOldWindows = process.platform === 'win32' && variables.WT_SESSION === undefined;
  return {
    variables,
    home: variables.LLMTEAM_HOME || undefined,
    gatewayUrl: variables.LLMTEAM_URL || undefined,
    gatewayKey: variables.LLMTEAM_KEY || undefined,
    caller: { traceparent: variables.TRACEPARENT || undefined, tracestate: variables.TRACESTATE || undefined },
    colours: coloursOf(variables.NO_COLOR, variables.FORCE_COLOR),
    canRedraw: terminal !== 'dumb',
    hasUnicode: terminal !== 'linux' && !isOldWindows,
  };
}

function coloursOf(refused: string | undefined, forced: string | undefined): boolean | undefined {
  if (refused !== undefined && refused !== '') return false;
  if (forced !== undefined && forced !== '') return forced !== '0';
  return undefined;
}
