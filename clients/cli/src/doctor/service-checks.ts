/** Checks of the running services: coordinators and their partitions, workers and their queues. */
import type { KvStore } from '@llmteam/contracts';
import { seenCoordinators } from '@llmteam/coordinator';
import { announcedQueues, listWorkers, liveWorkers, type StepCatalog } from '@llmteam/kernel';
import { type Check, counted, ok, problem, warning } from './check.js';
import { checkRivals } from './rival-checks.js';
import { checkUnreadable } from './unreadable-checks.js';
import { checkServedVersions } from './version-checks.js';

/** `catalog` is null if the plugins of this process could not be loaded. */
export async function checkServices(kv: KvStore, partitions: number, catalog: StepCatalog | null): Promise<Check[]> {
  const versions = catalog === null ? [] : await checkServedVersions(kv, catalog);
  const processes = [...(await checkCoordinators(kv, partitions)), ...(await checkWorkers(kv))];
  return [...processes, ...(await checkUnreadable(kv)), ...checkRivals(await listWorkers(kv)), ...versions];
}

async function checkCoordinators(kv: KvStore, partitions: number): Promise<Check[]> {
  const { members, owners } = await seenCoordinators(kv);
  if (members.length === 0) return [warning('coordinators', 'none running: runs are accepted but not driven')];
  const free = Array.from({ length: partitions }, (_, partition) => partition).filter((one) => !owners.has(one));
  const found = ok('coordinators', `${counted(members.length, 'coordinator')}: ${members.join(', ')}`);
  if (free.length === 0) return [found];
  return [found, problem('coordinators', `no owner for partition ${free.join(', ')}`)];
}

async function checkWorkers(kv: KvStore): Promise<Check[]> {
  const served = await liveWorkers(kv);
  const announced = await announcedQueues(kv);
  const unserved = announced.filter((queue) => !served.has(queue));
  const checks = [...served].map(([queue, workers]) => {
    const ids = workers.map(({ worker_id }) => worker_id).join(', ');
    return ok('workers', `${queue}: ${counted(workers.length, 'worker')} (${ids})`);
  });
  if (checks.length === 0) checks.push(warning('workers', 'none running: steps wait'));
  if (unserved.length === 0) return checks;
  return [...checks, warning('workers', `no worker serves ${unserved.join(', ')}; steps of these types wait`)];
}
