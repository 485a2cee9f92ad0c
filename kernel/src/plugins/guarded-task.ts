import type { FiredPorts, Json, TaskType } from '@llmteam/contracts';

/**
 * A task type of a plugin that is not ours but runs in this process: it works on copies, so that nothing it changes, now or later, is a
 * value of the runtime.
 */
export function guardedTask(task: TaskType): TaskType {
  return {
    ...task,
    run: async (context, config, input) =>
      plainCopy(await task.run(context, structuredClone(config), structuredClone(input))),
  };
}

/** A getter, or a proxy, may say something else each time it is asked. Whatever is not JSON stays, to be refused by name. */
function plainCopy(returned: unknown): FiredPorts {
  try {
    return structuredClone(returned) as Record<string, Json>;
  } catch {
    return returned as FiredPorts;
  }
}
