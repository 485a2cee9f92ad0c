import { eachLocalStore } from '@llmteam/embedded';
import { type DeadLetter, listDeadLetters } from '@llmteam/kernel';
import { serviceConfig, withBackend } from '@llmteam/service-host';
import { makeColours } from '../colours.js';
import { configHere } from '../configuration.js';
import { shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { silentLog } from '../log.js';
import { type ExpectNats, isWithoutNats } from '../nats-use.js';
import { printNote } from '../notes.js';
import type { Settings } from '../settings.js';
import { shortIds } from '../short-ids.js';
import { table } from '../table.js';

export async function deadLetters(
  settings: Settings,
  _args: readonly string[],
  { json, ...expected }: ExpectNats & { json?: boolean },
): Promise<ExitCode> {
  const config = configHere(settings);
  const listed = withBackend(serviceConfig(config), silentLog, ({ kv }) => listDeadLetters(kv));
  const found = await listed.catch((error: unknown) => {
    if (isWithoutNats(error, config, expected)) return localLetters(settings);
    throw error;
  });
  const letters = [...found].sort((one, other) => other.at - one.at);
  const { streams } = settings;
  if (json === true) streams.print(`${JSON.stringify({ dead_letters: letters, cursor: null }, null, 2)}\n`);
  else if (letters.length === 0) printNote(settings, 'No dead letters.');
  else streams.print(asTable(letters, settings));
  return exitCodes.completed;
}

/** Of the stores of the folder, where no NATS installation is configured. */
async function localLetters({ home }: Settings): Promise<readonly DeadLetter[]> {
  const letters: DeadLetter[] = [];
  await eachLocalStore({ home, log: silentLog }, async ({ kv }) => {
    letters.push(...(await listDeadLetters(kv)));
  });
  return letters;
}

function asTable(letters: readonly DeadLetter[], { streams, colours }: Settings): string {
  const { stdoutColumns: width } = streams;
  const short = shortIds(
    letters.map(({ run_id }) => run_id),
    width !== null,
  );
  const rows = letters.map(({ run_id, step, queue, deliveries, worker, at }) => [
    short(run_id),
    step,
    queue,
    String(deliveries),
    shownTime(at),
    worker,
  ]);
  const head = ['RUN', 'STEP', 'QUEUE', 'DELIVERIES', 'SINCE', 'DEAD-LETTERED BY'];
  return table(head, rows, makeColours(colours.stdout), { width, whole: [0] });
}
