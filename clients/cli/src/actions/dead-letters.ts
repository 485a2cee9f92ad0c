import { listDeadLetters } from '@llmteam/kernel';
import { serviceConfig, withKvStore } from '@llmteam/service-host';
import { makeColours } from '../colours.js';
import { configHere } from '../configuration.js';
import { shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { silentLog } from '../log.js';
import { printNote } from '../notes.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

export async function deadLetters(
  settings: Settings,
  _args: readonly string[],
  { json }: { json?: boolean },
): Promise<ExitCode> {
  const config = serviceConfig(configHere(settings));
  const letters = await withKvStore(config, silentLog, listDeadLetters);
  const { streams, colours } = settings;
  if (json === true) streams.print(`${JSON.stringify({ dead_letters: letters, cursor: null }, null, 2)}\n`);
  else if (letters.length === 0) printNote(settings, 'No dead letters.');
  else {
    const rows = letters.map(({ run_id, step, queue, deliveries, worker, at }) => [
      run_id,
      step,
      queue,
      String(deliveries),
      shownTime(at),
      worker,
    ]);
    streams.print(
      table(['RUN', 'STEP', 'QUEUE', 'DELIVERIES', 'SINCE', 'DEAD-LETTERED BY'], rows, makeColours(colours.stdout)),
    );
  }
  return exitCodes.completed;
}
