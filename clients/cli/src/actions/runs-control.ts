import type { Json, RunKey, RunView } from '@llmteam/contracts';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { parseArgument } from '../files.js';
import { printNote, printResumeHint } from '../notes.js';
import { withStoreOf } from '../open-stores.js';
import { isViewOrphaned } from '../orphans.js';
import type { RunStore } from '../run-stores.js';
import type { Settings } from '../settings.js';
import { waitingText } from '../waiting-text.js';

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
  printNote(settings, `Run ${run.run_id} is cancelled.`);
  return exitCodes.completed;
}

/** Drives an orphaned run here for as long as it takes to close its tasks and cancel its child runs, without executing a step. */
async function cancel(store: RunStore, run: RunKey, reason: string | undefined): Promise<void> {
  if (store.kind === 'owned') await store.runtime.drive([run], { work: false });
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
  printNote(settings, `Run ${run.run_id} is paused: running steps finish, no new steps start.`);
  return exitCodes.completed;
}

export async function runsSignal(
  settings: Settings,
  [runId = '', name = '']: readonly string[],
  { tenant, payload, correlation }: { tenant: string; payload: string; correlation?: string },
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id: runId };
  const value: Json = parseArgument('--payload', payload);
  const send = async (store: RunStore): Promise<void> => {
    const before = await store.runs.show(run);
    const isOrphaned = await isViewOrphaned(store, before);
    await store.runs.signal(run, name, value, correlation === undefined ? {} : { correlation });
    printNote(settings, `Signal '${name}' sent to run ${run.run_id}.`);
    const remark = remarkOnSignal(before, name, correlation);
    if (remark !== null) printNote(settings, remark);
    if (isOrphaned) printResumeHint(settings, run);
  };
  await withStoreOf(settings, run, send, { isIdempotent: false });
  return exitCodes.completed;
}

/** What becomes of a signal that no step waited for; null if a step did. */
function remarkOnSignal({ steps }: RunView, name: string, correlation: string | undefined): string | null {
  const awaited = steps.flatMap(({ waiting_for }) => (waiting_for?.kind === 'signal' ? [waiting_for] : []));
  const isAwaited = awaited.some((one) => {
    return (
      one.name === name && (correlation === undefined || one.correlation === null || one.correlation === correlation)
    );
  });
  if (isAwaited) return null;
  const others = [...new Set(awaited.map((one) => waitingText(one)))];
  const waits = others.length === 0 ? '' : ` The run waits for ${others.join(', ')}.`;
  return `No step waits for this signal now: it is kept for the first step that will.${waits}`;
}
