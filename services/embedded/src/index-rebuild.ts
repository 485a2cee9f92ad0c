/** Rebuilds the run index of every store in a home folder. */
import { isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { type RebuildProgress, rebuildIndex } from '@llmteam/kernel';
import { loadPlugins, systemClock } from '@llmteam/service-host';
import type { LocalStoresOptions } from './local-stores.js';
import { composeHistory } from './root.js';
import { type OwnedFolder, StoreFolders } from './store-folders.js';

export interface LocalRebuildProgress extends RebuildProgress {
  readonly stores: number;
  readonly storesDone: number;
}

/**
 * Loads the configured plugins, because reading histories needs their step types, but does not start them.
 * @throws LlmteamError `STORE_LOCKED` if another process owns one of the stores; those before it have been rebuilt
 */
export async function rebuildLocalIndexes(
  { home, config, log }: Pick<LocalStoresOptions, 'home' | 'config' | 'log'>,
  onProgress: (progress: LocalRebuildProgress) => void = () => undefined,
): Promise<LocalRebuildProgress> {
  const synchronous = config.file.synchronous ?? 'full';
  const stores = new StoreFolders({ home, clock: systemClock(), synchronous, log });
  const { catalog } = await loadPlugins(config, log);
  const folders = stores.folders();
  let total: LocalRebuildProgress = { runs: 0, tasks: 0, done: 1, stores: folders.length, storesDone: 0 };
  for (const folder of folders) {
    const { backend } = await own(stores, folder);
    try {
      const { journal, definitions } = composeHistory(backend, catalog);
      const before = total;
      const made = await rebuildIndex({ journal, index: backend.index, definitions, log }, (progress) =>
        onProgress(added(before, progress)),
      );
      total = { ...added(before, made), storesDone: before.storesDone + 1 };
    } finally {
      await backend.close();
    }
  }
  return total;
}

function added(before: LocalRebuildProgress, { runs, tasks, done }: RebuildProgress): LocalRebuildProgress {
  return { ...before, runs: before.runs + runs, tasks: before.tasks + tasks, done };
}

async function own(stores: StoreFolders, folder: string): Promise<OwnedFolder> {
  try {
    return await stores.own(folder);
  } catch (cause) {
    if (!isLlmteamError(cause) || cause.code !== 'STORE_LOCKED') throw cause;
    const advice = "stop 'llmteam dev', or let the runs in this home finish, and try again";
    throw new LlmteamError('STORE_LOCKED', `the store '${folder}' belongs to another process; ${advice}`, { cause });
  }
}
