/**
 * Purpose: the newest runs and tasks of a home folder for shell completion, which must answer at once.
 * Owns: reading the lists without plugins and without a runtime. They may miss the last moments of a process that was killed.
 */
import type { HumanTask, Journal, KvStore, Logger, RunIndex, RunRow } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';
import { ownerAddress } from './owner-address.js';
import { connectToOwner } from './owner-client.js';
import { StoreFolders } from './store-folders.js';

export interface Peeked {
  readonly runs: readonly RunRow[];
  readonly tasks: readonly HumanTask[];
}

type Lists = Pick<RunIndex, 'runs' | 'tasks'>;

export interface PeekOptions {
  readonly home: string;
  readonly tenantId: string;
  /** Of each kind per store. */
  readonly limit: number;
  readonly log: Logger;
}

/** A store that cannot be read is left out. */
export async function peekStores({ home, tenantId, limit, log }: PeekOptions): Promise<Peeked> {
  const stores = new StoreFolders({ home, clock: systemClock(), synchronous: 'full', log });
  const query = { tenant_id: tenantId, limit };
  const runs: RunRow[] = [];
  const tasks: HumanTask[] = [];
  for (const folder of stores.folders()) {
    await withLists(stores, folder, async (lists) => {
      runs.push(...(await lists.runs(query)).rows);
      tasks.push(...(await lists.tasks({ ...query, status: 'open' })).rows);
    }).catch(() => undefined);
  }
  // An ended run may be in two stores.
  const distinct = new Map(runs.map((run) => [run.run_id, run]));
  return {
    runs: [...distinct.values()].sort((a, b) => b.started_at - a.started_at),
    tasks: tasks.sort((a, b) => b.created_at - a.created_at),
  };
}

export interface PeekedStore {
  readonly folder: string;
  readonly kv: Pick<KvStore, 'list'>;
  /** Null if another process owns the store. */
  readonly journal: Journal | null;
}

/**
 * Looks at each store without plugins and without a runtime.
 * @throws LlmteamError of a store, or if a store belongs to a process that does not answer
 */
export async function eachLocalStore(
  { home, log }: Pick<PeekOptions, 'home' | 'log'>,
  look: (store: PeekedStore) => Promise<void>,
): Promise<void> {
  const stores = new StoreFolders({ home, clock: systemClock(), synchronous: 'full', log });
  for (const folder of stores.folders()) {
    await withParts(stores, folder, ({ kv, journal }) => look({ folder, kv, journal }));
  }
}

function withLists(stores: StoreFolders, folder: string, look: (lists: Lists) => Promise<void>): Promise<void> {
  return withParts(stores, folder, ({ lists }) => look(lists));
}

/** Of the process that owns the store, or opened here. */
async function withParts(
  stores: StoreFolders,
  folder: string,
  look: (parts: Omit<PeekedStore, 'folder'> & { readonly lists: Lists }) => Promise<void>,
): Promise<void> {
  const owner = await connectToOwner(ownerAddress(folder));
  if (owner !== null) {
    const { runs, kv } = owner;
    try {
      await look({
        lists: { runs: (query) => runs.list(query), tasks: (query) => runs.tasks(query) },
        kv,
        journal: null,
      });
    } finally {
      owner.close();
    }
    return;
  }
  const { backend } = await stores.own(folder);
  try {
    await look({ lists: backend.index, kv: backend.kv, journal: backend.journal });
  } finally {
    await backend.close();
  }
}
