import { LlmteamError } from '@llmteam/contracts';
import { StepCatalog } from '@llmteam/kernel';
import { distance } from 'fastest-levenshtein';

/**
 * The task types of a catalog that a worker serves: all of them, or the named ones.
 * @throws LlmteamError `CONFIG_INVALID` naming every type that no plugin provides
 */
export function servedTypes(loaded: StepCatalog, named: readonly string[] | undefined): StepCatalog {
  const tasks = loaded
    .entries()
    .flatMap(({ task, metadata, standing }) => (task === null ? [] : [{ task, metadata, standing }]));
  const known = [...new Set(tasks.map(({ metadata }) => metadata.type_id))].sort();
  const unknown = (named ?? []).filter((typeId) => !known.includes(typeId));
  if (unknown.length > 0)
    throw new LlmteamError('CONFIG_INVALID', unknown.map((typeId) => refusal(typeId, known)).join('; '));
  const served = new StepCatalog();
  for (const { task, metadata, standing } of tasks) {
    if (named === undefined || named.includes(metadata.type_id)) served.add(task, metadata.version, standing);
  }
  return served;
}

function refusal(typeId: string, known: readonly string[]): string {
  const near = known.find((name) => distance(name, typeId) <= 2);
  const hint = near === undefined ? `known types: ${known.join(', ') || 'none'}` : `did you mean '${near}'?`;
  return `worker.types names '${typeId}', but no plugin provides this task type; ${hint}`;
}
