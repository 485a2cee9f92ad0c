/** Checks of the running services: coordinators and their partitions, workers and their queues. */
import type { KvStore } from '@llmteam/contracts';
import { seenCoordinators } from '@llmteam/coordinator';
import { announcedQueues, liveWorkers } from '@llmteam/kernel';
import { type Check, counted, ok, problem, warning } from './check.js';
import { checkUnreadable } from './unreadable-checks.js';

export async function checkServices(kv: KvStore, partitions: number): Promise<Check[]> {
  return [...(await checkCoordinators(kv, partitions)), ...(await checkWorkers(kv)), ...(await checkUnreadable(kv))];
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
