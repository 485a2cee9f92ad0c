import type { Journal, KvStore, RunKey } from '@llmteam/contracts';
import { listWorkers } from '../catalog/live-workers.js';
import { partitionLeaseKey } from '../run-loop/partition-lease-key.js';
import type { Surroundings } from './explain-run.js';

/** Who works on a run of an installation, as its coordinators and workers have announced themselves. */
export async function installationSurroundings(
  { kv, journal }: { readonly kv: KvStore; readonly journal: Pick<Journal, 'partitionOf'> },
  run: RunKey,
): Promise<Surroundings> {
  const [lease, workers] = await Promise.all([kv.get(partitionLeaseKey(journal.partitionOf(run))), listWorkers(kv)]);
  return {
    isDriven: lease !== null,
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
