import { rebuildLocalIndexes } from '@llmteam/embedded';
import { serviceConfig } from '@llmteam/service-host';
import { configHere } from '../configuration.js';
import { showCounter } from '../display/counter.js';
import { shownDuration } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { makeLog } from '../log.js';
import type { Settings } from '../settings.js';

interface Rebuilt {
  readonly stores: number;
  readonly runs: number;
  readonly tasks: number;
}

type Show = (text: string) => void;

export async function indexRebuild(
  settings: Settings,
  _args: readonly string[],
  { json, nats }: { json?: boolean; nats?: boolean },
): Promise<ExitCode> {
  const began = performance.now();
  const counter = await showCounter(settings);
  try {
    const show: Show = (text) => counter.show(text);
    const { stores, runs, tasks } = await (nats === true
      ? rebuildOnNats(settings, show)
      : rebuildLocal(settings, show));
    counter.close();
    const durationMs = Math.round(performance.now() - began);
    const text = `${counted(runs, 'run')} and ${counted(tasks, 'task')} of ${counted(stores, 'store')} re-indexed in ${shownDuration(durationMs)}.\n`;
    settings.streams.print(
      json === true ? `${JSON.stringify({ stores, runs, tasks, duration_ms: durationMs }, null, 2)}\n` : text,
    );
    return exitCodes.completed;
  } finally {
    counter.close();
  }
}

async function rebuildLocal(settings: Settings, show: Show): Promise<Rebuilt> {
  const config = configHere(settings);
  const log = await makeLog(settings, config);
  return rebuildLocalIndexes({ home: settings.home, config, log }, ({ runs, done, stores, storesDone }) => {
    const percent = Math.floor(done * 100);
    show(`store ${storesDone + 1} of ${stores}, ${percent} % read; ${counted(runs, 'run')} so far`);
  });
}

/** Rebuilds the index of the configured gateway, which must be stopped. */
async function rebuildOnNats(settings: Settings, show: Show): Promise<Rebuilt> {
  const { rebuildGatewayIndex } = await import('@llmteam/gateway');
  const config = serviceConfig(configHere(settings));
  const log = await makeLog(settings, config);
  const listed = await rebuildGatewayIndex(config, log, ({ runs }) => show(`${counted(runs, 'run')} so far`));
  return { stores: 1, ...listed };
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
