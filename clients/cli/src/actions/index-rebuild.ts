import { rebuild_home_index } from '@llmteam/embedded';
import { config_here } from '../configuration.js';
import { show_counter } from '../display/counter.js';
import { shown_duration } from '../durations.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { make_log } from '../log.js';
import type { Settings } from '../settings.js';

export async function index_rebuild(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const config = config_here(settings);
  const log = await make_log(settings, config);
  const began = performance.now();
  const counter = await show_counter(settings);
  try {
    const made = await rebuild_home_index(
      { home: settings.home, config, log },
      ({ runs, done, stores, stores_done }) => {
        const percent = Math.floor(done * 100);
        counter.show(`store ${stores_done + 1} of ${stores}, ${percent} % read; ${counted(runs, 'run')} so far`);
      },
    );
    counter.close();
    const { stores, runs, tasks } = made;
    const duration_ms = Math.round(performance.now() - began);
    const text = `${counted(runs, 'run')} and ${counted(tasks, 'task')} of ${counted(stores, 'store')} are listed anew, in ${shown_duration(duration_ms)}.\n`;
    settings.streams.print(json === true ? `${JSON.stringify({ stores, runs, tasks, duration_ms }, null, 2)}\n` : text);
    return exit_codes.completed;
  } finally {
    counter.close();
  }
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;
}
