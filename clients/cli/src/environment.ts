/** What the environment says. The only file of the command line that reads it. */
export interface Environment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** `LLMTEAM_HOME` */
  readonly home: string | undefined;
  /** `LLMTEAM_URL` */
  readonly gateway_url: string | undefined;
  /** `LLMTEAM_KEY` */
  readonly gateway_key: string | undefined;
  /** Colours asked for or refused; undefined: as the terminal can. */
  readonly colours: boolean | undefined;
  /** The terminal can move its cursor. */
  readonly can_redraw: boolean;
  readonly has_unicode: boolean;
}

export function read_environment(): Environment {
  const variables = process.env;
  const terminal = variables.TERM;
  const is_old_windows = process.platform === 'win32' && variables.WT_SESSION === undefined;
  return {
    variables,
    home: variables.LLMTEAM_HOME || undefined,
    gateway_url: variables.LLMTEAM_URL || undefined,
    gateway_key: variables.LLMTEAM_KEY || undefined,
    colours: colours_of(variables.NO_COLOR, variables.FORCE_COLOR),
    can_redraw: terminal !== 'dumb',
    has_unicode: terminal !== 'linux' && !is_old_windows,
  };
}

function colours_of(refused: string | undefined, forced: string | undefined): boolean | undefined {
  if (refused !== undefined && refused !== '') return false;
  if (forced !== undefined && forced !== '') return forced !== '0';
  return undefined;
}
