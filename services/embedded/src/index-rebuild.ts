/** The lists of every store of a home, made anew. */
import { system_clock } from '@llmteam/backend-embedded';
import { is_llmteam_error, LlmteamError } from '@llmteam/contracts';
import {
  create_expression_compiler,
  Definitions,
  LargeValueJournal,
  type RebuildProgress,
  rebuild_index,
} from '@llmteam/kernel';
import { load_plugins } from '@llmteam/service-host';
import type { HomeOptions } from './home.js';
import { type OwnedStore, Stores } from './stores.js';

export interface HomeRebuildProgress extends RebuildProgress {
  readonly stores: number;
  readonly stores_done: number;
}

/**
 * Step types are needed to read histories, so the plugins of the configuration are loaded; none of them is started.
 * @throws LlmteamError `STORE_LOCKED` if a process has one of the stores; those before it have been made anew
 */
export async function rebuild_home_index(
  { home, config, log }: Pick<HomeOptions, 'home' | 'config' | 'log'>,
  on_progress: (progress: HomeRebuildProgress) => void = () => undefined,
): Promise<HomeRebuildProgress> {
  const stores = new Stores({ home, clock: system_clock(), synchronous: config.file.synchronous ?? 'full' });
  const { catalog } = await load_plugins(config, log);
  const compiler = create_expression_compiler();
  const folders = stores.folders();
  let total: HomeRebuildProgress = { runs: 0, tasks: 0, done: 1, stores: folders.length, stores_done: 0 };
  for (const folder of folders) {
    const { backend } = await own(stores, folder);
    try {
      const journal = new LargeValueJournal(backend.journal, backend.blobs);
      const definitions = new Definitions(backend.blobs, catalog, compiler);
      const before = total;
      const made = await rebuild_index({ journal, index: backend.index, definitions, log }, (progress) =>
        on_progress(added(before, progress)),
      );
      total = { ...added(before, made), stores_done: before.stores_done + 1 };
    } finally {
      await backend.close();
    }
  }
  return total;
}

function added(before: HomeRebuildProgress, { runs, tasks, done }: RebuildProgress): HomeRebuildProgress {
  return { ...before, runs: before.runs + runs, tasks: before.tasks + tasks, done };
}

async function own(stores: Stores, folder: string): Promise<OwnedStore> {
  try {
    return await stores.own(folder);
  } catch (cause) {
    if (!is_llmteam_error(cause) || cause.code !== 'STORE_LOCKED') throw cause;
    const advice = "stop 'llmteam dev', or let the runs of this home end, and call this again";
    throw new LlmteamError('STORE_LOCKED', `the store '${folder}' belongs to another process; ${advice}`, { cause });
  }
}
