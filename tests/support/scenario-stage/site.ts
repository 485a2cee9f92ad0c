/** Where a play takes place: a backend, opened as often as there are processes that would open it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemoryBackend, openSqliteBackend } from '@llmteam/backend-embedded';
import { defaultSettings, openNatsBackend } from '@llmteam/backend-nats';
import type { Backend, Clock } from '@llmteam/contracts';
import { withRawClient } from '../nats/raw-client.js';
import type { SharedServer } from '../nats/shared-server.js';
import { quietLogger } from '../quiet-logger.js';

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

export interface Layout {
  readonly coordinators: readonly Ownership[];
  readonly workers: number;
}

const natsPartitions = 2;
const installations = { made: 0 };

/** An installation of its own on a real server; the client and every coordinator and worker have a connection each. */
export function onNats(server: SharedServer, { coordinators, workers }: Layout): OpenSite {
  return async (clock) => {
    const { server: lent, release } = await server.lend();
    const namespace = `stage_${++installations.made}`;
    const settings = { ...defaultSettings, servers: [lent.url], namespace, partitions: natsPartitions };
    const opened: Backend[] = [];
    const open = async (name: string): Promise<Backend> => {
      const { index } = await openMemoryBackend({ clock });
      const backend = await openNatsBackend({ settings, name, clock, log: quietLogger, index });
      opened.push(backend);
      return backend;
    };
    const close = async (): Promise<void> => {
      await Promise.all(opened.map((backend) => backend.close()));
      await removeInstallation(lent.url, namespace);
      release();
    };
    try {
      // The first makes the installation, the others find it.
      const client = await open('client');
      const seats = coordinators.map(async (owns) => ({ backend: await open('coordinator'), ...owns }));
      const hands = Array.from({ length: workers }, () => open('worker'));
      return { client, coordinators: await Promise.all(seats), workers: await Promise.all(hands), close };
    } catch (error) {
      await close();
      throw error;
    }
  };
}

/** A server with the streams of hundreds of plays gets slow to do away with. */
async function removeInstallation(url: string, namespace: string): Promise<void> {
  await withRawClient(url, async ({ streams }) => {
    const names: string[] = [];
    for await (const name of streams.names()) if (name.includes(`${namespace.toUpperCase()}_`)) names.push(name);
    await Promise.all(names.map((name) => streams.delete(name)));
  });
}
