import { type RunningDev, start_dev } from '@llmteam/dev';
import { config_here } from '../configuration.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { open_home } from '../homes.js';
import { on_interrupt } from '../interrupts.js';
import { make_log } from '../log.js';
import { own_version } from '../own-version.js';
import type { Settings } from '../settings.js';
import { tell } from '../telling.js';

interface Options {
  readonly host: string;
  readonly port: number;
  readonly origin?: readonly string[];
}

/** Serves until it is told to stop. The first line of stdout is the address, so that scripts can wait for it. */
export async function dev(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  const { host, port, origin = [] } = options;
  const stopped = new Promise<void>((resolve) => on_interrupt(resolve, () => undefined));
  const config = config_here(settings);
  const home = await open_home(settings, config);
  const log = await make_log(settings, config);
  const version = own_version();
  const running = await start_dev({ home, config, log, host, port, version, origins: origin });
  try {
    say_where(settings, running);
    await Promise.race([stopped, running.failed]);
  } finally {
    await running.close();
  }
  return exit_codes.completed;
}

function say_where(settings: Settings, { url, first_key }: RunningDev): void {
  const key = first_key === null ? '' : `API key (shown once): ${first_key}\n`;
  settings.streams.print(`Listening on ${url}\n${key}`);
  tell(settings, `Reference: ${url}/api/docs. Ctrl-C stops.`);
}
