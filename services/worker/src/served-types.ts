import { LlmteamError } from '@llmteam/contracts';
import { StepCatalog } from '@llmteam/kernel';
import { distance } from 'fastest-levenshtein';

/**
 * The task types of a catalog that a worker serves: all of them, or those named.
 * @throws LlmteamError `CONFIG_INVALID` naming every type that no plugin brings
 */
export function served_types(loaded: StepCatalog, named: readonly string[] | undefined): StepCatalog {
  const tasks = loaded
    .entries()
    .flatMap(({ task, metadata, plugin }) => (task === null ? [] : [{ task, metadata, plugin }]));
  const known = [...new Set(tasks.map(({ metadata }) => metadata.type_id))].sort();
  const unknown = (named ?? []).filter((type_id) => !known.includes(type_id));
  if (unknown.length > 0)
    throw new LlmteamError('CONFIG_INVALID', unknown.map((type_id) => refusal(type_id, known)).join('; '));
  const served = new StepCatalog();
  for (const { task, metadata, plugin } of tasks) {
    if (named === undefined || named.includes(metadata.type_id)) served.add(task, metadata.version, plugin);
  }
  return served;
}

function refusal(type_id: string, known: readonly string[]): string {
  const near = known.find((name) => distance(name, type_id) <= 2);
  const hint = near === undefined ? `there are ${known.join(', ') || 'none'}` : `did you mean '${near}'?`;
  return `worker.types names '${type_id}', and no plugin brings such a task type; ${hint}`;
}
