import type { Logger } from '@llmteam/contracts';
import { type Config, known_secrets, open_log } from '@llmteam/service-host';
import { make_colours } from './colours.js';
import { plain_text } from './plain-text.js';
import type { Settings } from './settings.js';

/** Without a level from the command line or the configuration: warnings and errors, in plain words. */
export async function make_log(settings: Settings, config: Config): Promise<Logger> {
  const { streams, colours, quiet, log_level } = settings;
  const level = log_level ?? (quiet ? 'silent' : config.file.log?.level);
  if (level === 'silent') return silent_log;
  if (level === undefined) return warnings_log(settings);
  const write = (text: string): void => streams.note(text);
  return open_log({ level, format: 'pretty', colours: colours.stderr, secrets: known_secrets(config), write });
}

export const silent_log: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silent_log,
};

function warnings_log({ streams, colours }: Settings): Logger {
  const { yellow, red } = make_colours(colours.stderr);
  const log_of = (known: object): Logger => {
    const write = (kind: string, fields: object, message = ''): void => {
      streams.note(`${kind}: ${plain_text(worded({ ...known, ...fields }, message))}`);
    };
    return {
      ...silent_log,
      warn: (fields, message) => write(yellow('warning'), fields, message),
      error: (fields, message) => write(red('error'), fields, message),
      child: (fields) => log_of({ ...known, ...fields }),
    };
  };
  return log_of({});
}

/** `step 'a': the message: the reason` */
function worded(fields: { err?: unknown; run_id?: unknown; step_id?: unknown }, message: string): string {
  const { err, run_id, step_id } = fields;
  const places = [
    typeof run_id === 'string' ? `run ${run_id}` : '',
    typeof step_id === 'string' ? `step '${step_id}'` : '',
  ];
  const place = places.filter((part) => part !== '').join(', ');
  return [place, message, err instanceof Error ? err.message : ''].filter((part) => part !== '').join(': ');
}
