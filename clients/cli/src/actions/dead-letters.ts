import { list_dead_letters } from '@llmteam/kernel';
import { service_config, with_registry } from '@llmteam/service-host';
import { make_colours } from '../colours.js';
import { config_here } from '../configuration.js';
import { shown_time } from '../durations.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { silent_log } from '../log.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function dead_letters(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const config = service_config(config_here(settings));
  const letters = await with_registry(config, silent_log, list_dead_letters);
  const { streams, colours } = settings;
  if (json === true) streams.print(`${JSON.stringify({ dead_letters: letters }, null, 2)}\n`);
  else if (letters.length === 0) streams.note('There are no dead letters.');
  else {
    const rows = letters.map(({ run_id, step, queue, deliveries, worker, at }) => [
      run_id,
      step,
      queue,
      String(deliveries),
      shown_time(at),
      worker,
    ]);
    streams.print(
      table(['RUN', 'STEP', 'QUEUE', 'DELIVERIES', 'SINCE', 'GIVEN UP BY'], rows, make_colours(colours.stdout)),
    );
  }
  return exit_codes.completed;
}
