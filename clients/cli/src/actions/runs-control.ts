import type { Json, RunKey } from '@llmteam/contracts';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { parseArgument } from '../files.js';
import { printNote, printResumeHint } from '../notes.js';
import { withStoreOf } from '../open-stores.js';
import type { RunStore } from '../run-stores.js';
import type { Settings } from '../settings.js';

interface ControlOptions {
  readonly tenant: string;
  readonly reason?: string;
}

export async function runsCancel(
  settings: Settings,
  [runId = '']: readonly string[],
  { tenant, reason }: ControlOptions,
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id: runId };
  await withStoreOf(settings, run, (store) => cancel(store, run, reason));
  printNote(settings, `Run ${runId} is cancelled.`);
  return exitCodes.completed;
}

/** Drives an orphaned run here for as long as it takes to close its tasks and cancel its child runs. */
async function cancel(store: RunStore, run: RunKey, reason: string | undefined): Promise<void> {
  if (store.kind === 'owned') await store.runtime.drive([run]);
  await store.runs.control(run, 'cancel', 'llmteam', reason);
  if (store.kind === 'owned') await store.runtime.result(run);
}

export async function runsPause(
  settings: Settings,
  [runId = '']: readonly string[],
  { tenant, reason }: ControlOptions,
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id: runId };
  await withStoreOf(settings, run, ({ runs }) => runs.control(run, 'pause', 'llmteam', reason));
  printNote(settings, `Run ${runId} is paused: running steps finish, no new steps start.`);
  return exitCodes.completed;
}

export async function runsSignal(
  settings: Settings,
  [runId = '', name = '']: readonly string[],
  { tenant, payload, correlation }: { tenant: string; payload: string; correlation?: string },
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id: runId };
  const value: Json = parseArgument('--payload', payload);
  const send = async ({ runs, kind }: RunStore): Promise<void> => {
    await runs.signal(run, name, value, correlation === undefined ? {} : { correlation });
    printNote(settings, `Signal '${name}' sent to run ${runId}.`);
    if (kind === 'owned') printResumeHint(settings, run);
  };
  await withStoreOf(settings, run, send, { isIdempotent: false });
  return exitCodes.completed;
}
