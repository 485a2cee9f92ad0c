import { isLlmteamError, type RunKey } from '@llmteam/contracts';
import { confirm } from '../confirmation.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { printNote } from '../notes.js';
import { withStoreOf } from '../open-stores.js';
import { forgetConfig } from '../run-configs.js';
import type { Settings } from '../settings.js';

export async function runsDelete(
  settings: Settings,
  [runId = '']: readonly string[],
  { tenant, yes }: { readonly tenant: string; readonly yes?: boolean },
): Promise<ExitCode> {
  const run: RunKey = { tenant_id: tenant, run_id: runId };
  const question = `Delete run ${runId} with its child runs, for good?`;
  if (yes !== true && !(await confirm(settings, question))) return exitCodes.cancelled;
  await withStoreOf(settings, run, ({ removal }) => removal.remove(run));
  if (settings.gateway === null) {
    await deleteCopies(settings, run);
    forgetConfig(settings.home, runId);
  }
  printNote(settings, `Run ${runId} is deleted.`);
  return exitCodes.completed;
}

/** More than there are, unless one cannot be deleted. */
const maxCopies = 10;

/** `llmteam dev` copies runs that have ended into its own store. */
async function deleteCopies(settings: Settings, run: RunKey): Promise<void> {
  try {
    for (let copies = 0; copies < maxCopies; copies++)
      await withStoreOf(settings, run, ({ removal }) => removal.remove(run));
  } catch (thrown) {
    if (!isLlmteamError(thrown) || thrown.code !== 'RUN_UNKNOWN') throw thrown;
  }
}
