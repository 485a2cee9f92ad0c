/** Where a play takes place: a backend, opened as often as there are processes that would open it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemoryBackend, openSqliteBackend } from '@llmteam/backend-embedded';
import type { Backend, Clock } from '@llmteam/contracts';

/** What a coordinator is told. */
export interface Ownership {
  /** Those it owns; a partition may have several owners. */
  readonly partitions: readonly number[];
  readonly maxResidentRuns?: number;
}

interface Seat extends Ownership {
  readonly backend: Backend;
}

export interface Site {
  /** Who starts runs and tells them things. */
  readonly client: Backend;
  readonly coordinators: readonly Seat[];
  readonly workers: readonly Backend[];
  close(): Promise<void>;
}

export type OpenSite = (clock: Clock) => Promise<Site>;

/** Longer than any scenario lasts on its clock: workers on the stage hold jobs without renewing their leases. */
const leaseMs = 10 * 86_400_000;

/** One process: everything shares one backend. `owners` coordinators each own its only partition. */
export function inOneProcess(open: (clock: Clock) => Promise<Backend>, owners = 1): OpenSite {
  return async (clock) => {
    const backend = await open(clock);
    const coordinators = Array.from({ length: owners }, () => ({ backend, partitions: [0] }));
    return { client: backend, coordinators, workers: [backend], close: () => backend.close() };
  };
}

export function memory(clock: Clock): Promise<Backend> {
  return openMemoryBackend({ clock, leaseMs });
}

/** In a folder of its own. Order and contents are asked for here, not power cuts: hundreds of folders that sync every write take minutes. */
export async function sqlite(clock: Clock): Promise<Backend> {
  const folder = await mkdtemp(join(tmpdir(), 'llmteam-'));
  const backend = await openSqliteBackend({ folder, clock, leaseMs, synchronous: 'relaxed' });
  return {
    ...backend,
    async close() {
      await backend.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
