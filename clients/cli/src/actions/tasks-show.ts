import type { HumanTask } from '@llmteam/contracts';
import { makeColours } from '../colours.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { withStoreOf } from '../open-stores.js';
import { answerCommands } from '../own-commands.js';
import type { Settings } from '../settings.js';
import { runOfTask } from '../task-ids.js';
import { taskText } from '../task-text.js';

export async function tasksShow(
  settings: Settings,
  [taskId = '']: readonly string[],
  { tenant, json }: { tenant: string; json?: boolean },
): Promise<ExitCode> {
  const run = runOfTask(tenant, taskId);
  const task = await withStoreOf(settings, run, ({ runs }) => runs.task(tenant, taskId));
  settings.streams.print(json === true ? `${JSON.stringify(task, null, 2)}\n` : asText(task, settings));
  return exitCodes.completed;
}

function asText(task: HumanTask, settings: Settings): string {
  const colours = makeColours(settings.colours.stdout);
  const commands = task.status === 'closed' ? [] : answerCommands(task, settings);
  const shown = commands.map((command) => `\n${colours.cyan(command)}`).join('');
  return `${taskText(task, colours)}${shown}${commands.length > 0 ? '\n' : ''}`;
}
