/** Where scenarios are staged: a backend, opened once for each process that would open it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemoryBackend, openSqliteBackend } from '@llmteam/backend-embedded';
import type { Backend, Clock } from '@llmteam/contracts';

/** Options of a coordinator. */
export interface Ownership {
  /** The partitions it owns; a partition may have several owners. */
  readonly partitions: readonly number[];
  readonly maxResidentRuns?: number;
}

interface Seat extends Ownership {
  readonly backend: Backend;
}

export interface Site {
  /** The backend of the client, which starts and controls runs. */
  readonly client: Backend;
  readonly coordinators: readonly Seat[];
  readonly workers: readonly Backend[];
  close(): Promise<void>;
}

export type OpenSite = (clock: Clock) => Promise<Site>;

/** Longer than any scenario on its virtual clock: workers on the stage do not renew leases. */
const leaseMs = 10 * 86_400_000;

/** A single process where everything shares one backend. `owners` coordinators each own the only partition. */
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

/** Each in a temporary folder. Writes are not synced, because power loss is not tested here and hundreds of syncing stores take minutes. */
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
