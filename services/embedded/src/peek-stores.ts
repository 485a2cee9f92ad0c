/**
 * Purpose: the newest runs and tasks of a home folder for shell completion, which must answer at once.
 * Owns: reading the lists without plugins and without a runtime. They may miss the last moments of a process that was killed.
 */
import type { HumanTask, RunIndex, RunRow } from '@llmteam/contracts';
import { systemClock } from '@llmteam/kernel';
import { ownerAddress } from './owner-address.js';
import { connectToOwner } from './owner-client.js';
import { StoreFolders } from './store-folders.js';

export interface Peeked {
  readonly runs: readonly RunRow[];
  readonly tasks: readonly HumanTask[];
}

/** The stores of a home folder, without opening them. @throws LlmteamError `FILE_UNREADABLE` */
export function localStoreFolders(home: string): string[] {
  return new StoreFolders({ home, clock: systemClock(), synchronous: 'full' }).folders();
}

type Lists = Pick<RunIndex, 'runs' | 'tasks'>;

/** At most `limit` of each kind per store. A store that cannot be read is left out. */
export async function peekStores(home: string, tenantId: string, limit: number): Promise<Peeked> {
  const stores = new StoreFolders({ home, clock: systemClock(), synchronous: 'full' });
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

async function withLists(stores: StoreFolders, folder: string, look: (lists: Lists) => Promise<void>): Promise<void> {
  const owner = await connectToOwner(ownerAddress(folder));
  if (owner !== null) {
    const { runs } = owner;
    await look({ runs: (query) => runs.list(query), tasks: (query) => runs.tasks(query) });
    owner.close();
    return;
  }
  const { backend } = await stores.own(folder);
  try {
    await look(backend.index);
  } finally {
    await backend.close();
  }
}
