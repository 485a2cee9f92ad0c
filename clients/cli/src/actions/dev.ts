import { type RunningDev, startDev } from '@llmteam/dev';
import { LocalStores } from '@llmteam/embedded';
import { configHere } from '../configuration.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { onInterrupt } from '../interrupts.js';
import { makeDevLog } from '../log.js';
import { printNote } from '../notes.js';
import { ownVersion } from '../own-version.js';
import type { Settings } from '../settings.js';
import { releaseYoungGeneration } from '../young-generation.js';

interface Options {
  readonly host: string;
  readonly port: number;
  readonly origin?: readonly string[];
}

/** Serves until interrupted. The first line on stdout is the address, so scripts can wait for it. */
export async function dev(settings: Settings, _args: readonly string[], options: Options): Promise<ExitCode> {
  const { host, port, origin = [] } = options;
  const stopped = new Promise<void>((resolve) => {
    onInterrupt(
      () => resolve(),
      () => undefined,
    );
  });
  const config = configHere(settings);
  const log = await makeDevLog(settings, config);
  const stores = new LocalStores({ home: settings.home, config, log, eventLog: log });
  const version = ownVersion();
  const running = await startDev({ stores, config, log, host, port, version, origins: origin });
  releaseYoungGeneration();
  try {
    printAddress(settings, running);
    await Promise.race([stopped, running.failed]);
  } finally {
    await running.close();
  }
  return exitCodes.completed;
}

function printAddress(settings: Settings, { url, firstKey }: RunningDev): void {
  const key = firstKey === null ? '' : `API key (shown once): ${firstKey}\n`;
  settings.streams.print(`Listening on ${url}\n${key}`);
  if (firstKey === null) {
    printNote(settings, 'Its API keys are from earlier starts; to create another: llmteam keys create --role admin');
  }
  printNote(settings, `API reference: ${url}/api/docs. Press Ctrl-C to stop.`);
}
