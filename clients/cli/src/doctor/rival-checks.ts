/** Whether live workers agree which plugin brings a step type: a job goes to any worker that serves its type and major version. */
import { type PluginListing, queueName } from '@llmteam/contracts';
import type { LiveWorker } from '@llmteam/kernel';
import { type Check, warning } from './check.js';

export function checkRivals(workers: readonly Pick<LiveWorker, 'worker_id' | 'plugins'>[]): Check[] {
  const offers = new Map<string, Map<string, string[]>>();
  for (const { worker_id, plugins = [] } of workers) {
    for (const [queue, names] of queuesOf(plugins)) {
      const byNames = offers.get(queue) ?? new Map<string, string[]>();
      byNames.set(names, [...(byNames.get(names) ?? []), worker_id]);
      offers.set(queue, byNames);
    }
  }
  return [...offers].flatMap(([queue, byNames]) => (byNames.size < 2 ? [] : [disagreement(queue, byNames)]));
}

/** The names of the plugins that bring it, by queue. */
function queuesOf(plugins: readonly PluginListing[]): Map<string, string> {
  const names = new Map<string, Set<string>>();
  for (const { name, version, step_types } of plugins) {
    for (const typeId of step_types) {
      const queue = queueName(typeId, version);
      names.set(queue, (names.get(queue) ?? new Set()).add(name));
    }
  }
  return new Map(
    [...names].map(([queue, found]) => [
      queue,
      [...found]
        .sort()
        .map((name) => `'${name}'`)
        .join(' and '),
    ]),
  );
}

function disagreement(queue: string, byNames: ReadonlyMap<string, readonly string[]>): Check {
  const offers = [...byNames].map(([names, ids]) => `${names} on ${ids.join(', ')}`).join('; ');
  return warning(
    'plugins',
    `workers differ in which plugin brings '${queue}': ${offers}; a step of it may be run by any of them`,
  );
}
