/** Who works on the runs of an installation, as its coordinators and workers have announced themselves. */
import type { Journal, KvStore, RunKey } from '@llmteam/contracts';
import { type LiveWorker, listWorkers } from '../catalog/live-workers.js';
import { partitionLeaseKey } from '../run-loop/partition-lease-key.js';
import type { Surroundings } from './explain-run.js';
import type { Staff } from './waiting-reasons.js';

interface Announcements {
  readonly kv: KvStore;
  readonly journal: Pick<Journal, 'partitionOf'>;
}

/** As far as one run is concerned. */
export async function installationSurroundings({ kv, journal }: Announcements, run: RunKey): Promise<Surroundings> {
  const [lease, workers] = await Promise.all([kv.get(partitionLeaseKey(journal.partitionOf(run))), listWorkers(kv)]);
  return { isDriven: lease !== null, ...workforce(workers) };
}

/** As far as any run is concerned: the partitions that somebody has, and the workers. */
export function staffOf(
  journal: Pick<Journal, 'partitionOf' | 'partitions'>,
  held: ReadonlySet<number>,
  workers: readonly LiveWorker[],
): Staff {
  const force = workforce(workers);
  return {
    of: (run) => ({ isDriven: held.has(journal.partitionOf(run)), ...force }),
    drivesAll: held.size >= journal.partitions,
    queues: [...new Set(workers.flatMap(({ concurrency }) => Object.keys(concurrency)))],
    workers: workers.map(({ worker_id }) => worker_id),
  };
}

/** The workers that have announced themselves. */
export function workforce(workers: readonly LiveWorker[]): Pick<Surroundings, 'workersOf' | 'isAlive'> {
  return {
    workersOf: (queue) => {
      const serving = workers.filter(({ concurrency }) => Object.hasOwn(concurrency, queue));
      return {
        workers: serving.length,
        slots: serving.reduce((sum, { concurrency }) => sum + (concurrency[queue] ?? 0), 0),
      };
    },
    isAlive: (workerId) => workers.some(({ worker_id }) => worker_id === workerId),
  };
}
