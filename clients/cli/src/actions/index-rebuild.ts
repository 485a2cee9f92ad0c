import { rebuild_home_index } from '@llmteam/embedded';
import { service_config } from '@llmteam/service-host';
import { config_here } from '../configuration.js';
import { show_counter } from '../display/counter.js';
import { shown_duration } from '../durations.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { make_log } from '../log.js';
import type { Settings } from '../settings.js';

interface Rebuilt {
  readonly stores: number;
  readonly runs: number;
  readonly tasks: number;
}

type Show = (text: string) => void;

export async function index_rebuild(
  settings: Settings,
  _args: readonly string[],
  { json, nats }: { json?: boolean; nats?: boolean },
): Promise<ExitCode> {
  const began = performance.now();
  const counter = await show_counter(settings);
  try {
    const show: Show = (text) => counter.show(text);
    const { stores, runs, tasks } = await (nats === true
      ? rebuild_on_nats(settings, show)
      : rebuild_here(settings, show));
    counter.close();
    const duration_ms = Math.round(performance.now() - began);
    const text = `${counted(runs, 'run')} and ${counted(tasks, 'task')} of ${counted(stores, 'store')} are listed anew, in ${shown_duration(duration_ms)}.\n`;
    settings.streams.print(json === true ? `${JSON.stringify({ stores, runs, tasks, duration_ms }, null, 2)}\n` : text);
    return exit_codes.completed;
  } finally {
    counter.close();
  }
}

async function rebuild_here(settings: Settings, show: Show): Promise<Rebuilt> {
  const config = config_here(settings);
  const log = await make_log(settings, config);
  return rebuild_home_index({ home: settings.home, config, log }, ({ runs, done, stores, stores_done }) => {
    const percent = Math.floor(done * 100);
    show(`store ${stores_done + 1} of ${stores}, ${percent} % read; ${counted(runs, 'run')} so far`);
  });
}

/** The lists of the gateway whose configuration this is; it must not run meanwhile. */
async function rebuild_on_nats(settings: Settings, show: Show): Promise<Rebuilt> {
  const { rebuild_gateway_index } = await import('@llmteam/gateway');
  const config = service_config(config_here(settings));
  const log = await make_log(settings, config);
  const listed = await rebuild_gateway_index(config, log, ({ runs }) => show(`${counted(runs, 'run')} so far`));
  return { stores: 1, ...listed };
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
