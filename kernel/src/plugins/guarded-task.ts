import type { TaskType } from '@llmteam/contracts';
import { jsonCopy } from './json-copy.js';

/**
 * A task type of a plugin that is not ours but runs in this process: it works on copies, so that nothing it changes, now or later, is a
 * value of the runtime.
 */
export function guardedTask(task: TaskType): TaskType {
  return {
    ...task,
    run: async (context, config, input) => jsonCopy(await task.run(context, jsonCopy(config), jsonCopy(input))),
  };
}
