import type { Json, RunKey } from '@llmteam/contracts';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { parse_argument } from '../files.js';
import { with_store_of } from '../homes.js';
import type { RunStore } from '../run-stores.js';
import type { Settings } from '../settings.js';
import { tell, tell_how_to_go_on } from '../telling.js';

interface ControlOptions {
  readonly tenant: string;
  readonly reason?: string;
}

export async function runs_cancel(
  settings: Settings,
  [run_id = '']: readonly string[],
  { tenant, reason }: ControlOptions,
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id };
  await with_store_of(settings, run, (store) => cancel(store, run, reason));
  tell(settings, `Run ${run_id} is cancelled.`);
  return exit_codes.completed;
}

/** If nobody drives the run, this process does for the moment: its tasks are closed and its child runs cancelled too. */
async function cancel(store: RunStore, run: RunKey, reason: string | undefined): Promise<void> {
  if (store.kind === 'owned') await store.runtime.drive([run]);
  await store.runs.control(run, 'cancel', 'llmteam', reason);
  if (store.kind === 'owned') await store.runtime.result(run);
}

export async function runs_pause(
  settings: Settings,
  [run_id = '']: readonly string[],
  { tenant, reason }: ControlOptions,
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id };
  await with_store_of(settings, run, ({ runs }) => runs.control(run, 'pause', 'llmteam', reason));
  tell(settings, `Run ${run_id} is paused: what is under way is finished, nothing new begins.`);
  return exit_codes.completed;
}

export async function runs_signal(
  settings: Settings,
  [run_id = '', name = '']: readonly string[],
  { tenant, payload, correlation }: { tenant: string; payload: string; correlation?: string },
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id };
  const value: Json = parse_argument('--payload', payload);
  const send = async ({ runs, kind }: RunStore): Promise<void> => {
    await runs.signal(run, name, value, correlation === undefined ? {} : { correlation });
    tell(settings, `Run ${run_id} has the signal '${name}'.`);
    if (kind === 'owned') tell_how_to_go_on(settings, run);
  };
  await with_store_of(settings, run, send, { may_repeat: false });
  return exit_codes.completed;
}
