/** The lists of every store of a home, made anew. */
import { isLlmteamError, LlmteamError } from '@llmteam/contracts';
import { type RebuildProgress, rebuildIndex, systemClock } from '@llmteam/kernel';
import { loadPlugins } from '@llmteam/service-host';
import type { LocalStoresOptions } from './local-stores.js';
import { composeHistory } from './root.js';
import { type OwnedFolder, StoreFolders } from './store-folders.js';

export interface LocalRebuildProgress extends RebuildProgress {
  readonly stores: number;
  readonly storesDone: number;
}

/**
 * Step types are needed to read histories, so the plugins of the configuration are loaded; none of them is started.
 * @throws LlmteamError `STORE_LOCKED` if a process has one of the stores; those before it have been made anew
 */
export async function rebuildLocalIndexes(
  { home, config, log }: Pick<LocalStoresOptions, 'home' | 'config' | 'log'>,
  onProgress: (progress: LocalRebuildProgress) => void = () => undefined,
): Promise<LocalRebuildProgress> {
  const stores = new StoreFolders({ home, clock: systemClock(), synchronous: config.file.synchronous ?? 'full' });
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
    const advice = "stop 'llmteam dev', or let the runs of this home end, and call this again";
    throw new LlmteamError('STORE_LOCKED', `the store '${folder}' belongs to another process; ${advice}`, { cause });
  }
}
