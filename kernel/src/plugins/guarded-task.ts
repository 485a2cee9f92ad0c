import type { Logger, TaskType } from '@llmteam/contracts';
import { jsonCopy } from './json-copy.js';
import { strayErrors } from './stray-errors.js';

/**
 * A task type of a plugin that is not ours but runs in this process: it works on copies, so that nothing it changes, now or later, is a
 * value of the runtime, and its stray errors are its own.
 */
export function guardedTask(task: TaskType, plugin: string, log: Logger): TaskType {
  return {
    ...task,
    run: async (context, config, input) => {
      const work = async () => await task.run(context, jsonCopy(config), jsonCopy(input));
      return jsonCopy(await strayErrors.watch({ plugin, context, log }, work));
    },
  };
}
