import type { HumanTask } from '@llmteam/contracts';
import { makeColours, statusColour } from '../colours.js';
import { shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { withStoreOf } from '../open-stores.js';
import { answerCommands } from '../own-commands.js';
import { plainText } from '../plain-text.js';
import type { Settings } from '../settings.js';
import { runOfTask } from '../task-ids.js';

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
  const { request, status, claimed_by, answer } = task;
  const colours = makeColours(settings.colours.stdout);
  const line = (name: string, value: string | null): string => {
    return value === null || value === '' ? '' : `  ${colours.dim(name.padEnd(9))}${plainText(value)}\n`;
  };
  const parts = [
    `${colours.bold(plainText(request.title))}  ${statusColour(status, colours)(status)}\n`,
    line('task', task.task_id),
    line('segment', `${task.segment_id}, step ${task.step_id}`),
    line('type', request.task_type),
    line('details', request.description),
    line('assignee', claimed_by ?? request.assignee),
    line('created', shownTime(task.created_at)),
    line('due', request.due_at === null ? null : shownTime(request.due_at)),
    line('choices', request.choices.join(', ')),
    line('form', request.form === null ? null : JSON.stringify(request.form)),
    `\n${JSON.stringify(request.data, null, 2)}\n`,
    answer === null ? '' : `\n${line('answer', JSON.stringify(answer))}`,
  ];
  const commands = status === 'closed' ? [] : answerCommands(task, settings);
  return `${parts.join('')}${commands.map((command) => `\n${colours.cyan(command)}`).join('')}${commands.length > 0 ? '\n' : ''}`;
}
