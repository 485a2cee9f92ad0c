import type { Logger } from '@llmteam/contracts';
import { type Config, knownSecrets, type LogOptions, openLog, openServiceLog } from '@llmteam/service-host';
import { makeColours } from './colours.js';
import { plainText } from './plain-text.js';
import type { Settings } from './settings.js';

/** Without a level on the command line or in the configuration, prints warnings and errors as plain lines. */
export async function makeLog(settings: Settings, config: Config): Promise<Logger> {
  const log = await logFor(settings, config);
  settings.streams.tellForeignTo(log);
  return log;
}

/** The log of `llmteam dev`, which tells more on request: SIGUSR2. */
export async function makeDevLog(settings: Settings, config: Config): Promise<Logger> {
  const normal = await logFor(settings, config);
  const log = await openServiceLog(optionsOf(settings, config, levelOf(settings, config) ?? 'warn'), normal);
  settings.streams.tellForeignTo(log);
  return log;
}

/** The log for the events of runs, if its level was asked for: otherwise a command shows them its own way. */
export function eventLogOf(settings: Settings, config: Config, log: Logger): Logger | undefined {
  return levelOf(settings, config) === undefined ? undefined : log;
}

async function logFor(settings: Settings, config: Config): Promise<Logger> {
  const level = levelOf(settings, config);
  if (level === 'silent') return silentLog;
  if (level === undefined) return warningsLog(settings);
  return openLog(optionsOf(settings, config, level));
}

function levelOf({ quiet, logLevel }: Settings, config: Config): LogOptions['level'] | undefined {
  return logLevel ?? (quiet ? 'silent' : config.file.log?.level);
}

function optionsOf({ streams, colours }: Settings, config: Config, level: LogOptions['level']): LogOptions {
  const write = (text: string): void => streams.note(text);
  return { level, format: 'pretty', colours: colours.stderr, secrets: knownSecrets(config), write };
}

export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
  isLevelEnabled: () => false,
};

function warningsLog({ streams, colours }: Settings): Logger {
  const { yellow, red } = makeColours(colours.stderr);
  const logOf = (known: object): Logger => {
    const write = (kind: string, fields: object, message = ''): void => {
      streams.note(`${kind}: ${plainText(asLine({ ...known, ...fields }, message))}`);
    };
    return {
      ...silentLog,
      warn: (fields, message) => write(yellow('warning'), fields, message),
      error: (fields, message) => write(red('error'), fields, message),
      child: (fields) => logOf({ ...known, ...fields }),
      isLevelEnabled: (level) => level === 'warn' || level === 'error',
    };
  };
  return logOf({});
}

/** `step 'a': the message: the reason` */
function asLine(fields: { err?: unknown; run_id?: unknown; step_id?: unknown }, message: string): string {
  const { err, run_id, step_id } = fields;
  const places = [
    typeof run_id === 'string' ? `run ${run_id}` : '',
    typeof step_id === 'string' ? `step '${step_id}'` : '',
  ];
  const place = places.filter((part) => part !== '').join(', ');
  return [place, message, err instanceof Error ? err.message : ''].filter((part) => part !== '').join(': ');
}
