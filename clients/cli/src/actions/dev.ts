import { type RunningDev, startDev } from '@llmteam/dev';
import { configHere } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { onInterrupt } from '../interrupts.js';
import { makeLog } from '../log.js';
import { openLocalStores } from '../open-stores.js';
import { ownVersion } from '../own-version.js';
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
  const stopped = new Promise<void>((resolve) => onInterrupt(resolve, () => undefined));
  const config = configHere(settings);
  const stores = await openLocalStores(settings, config);
  const log = await makeLog(settings, config);
  const version = ownVersion();
  const running = await startDev({ stores, config, log, host, port, version, origins: origin });
  try {
    sayWhere(settings, running);
    await Promise.race([stopped, running.failed]);
  } finally {
    await running.close();
  }
  return exitCodes.completed;
}

function sayWhere(settings: Settings, { url, firstKey }: RunningDev): void {
  const key = firstKey === null ? '' : `API key (shown once): ${firstKey}\n`;
  settings.streams.print(`Listening on ${url}\n${key}`);
  tell(settings, `Reference: ${url}/api/docs. Ctrl-C stops.`);
}
