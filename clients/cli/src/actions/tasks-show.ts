import type { HumanTask } from '@llmteam/contracts';
import { make_colours, status_colour } from '../colours.js';
import { shown_time } from '../durations.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { with_store_of } from '../homes.js';
import { answer_commands } from '../own-commands.js';
import { plain_text } from '../plain-text.js';
import type { Settings } from '../settings.js';
import { run_of_task } from '../task-ids.js';

export async function tasks_show(
  settings: Settings,
  [task_id = '']: readonly string[],
  { tenant, json }: { tenant: string; json?: boolean },
): Promise<ExitCode> {
  const run = run_of_task(tenant, task_id);
  const task = await with_store_of(settings, run, ({ runs }) => runs.task(tenant, task_id));
  settings.streams.print(json === true ? `${JSON.stringify(task, null, 2)}\n` : as_text(task, settings));
  return exit_codes.completed;
}

function as_text(task: HumanTask, settings: Settings): string {
  const { request, status, claimed_by, answer } = task;
  const colours = make_colours(settings.colours.stdout);
  const line = (name: string, value: string | null): string => {
    return value === null || value === '' ? '' : `  ${colours.dim(name.padEnd(9))}${plain_text(value)}\n`;
  };
  const parts = [
    `${colours.bold(plain_text(request.title))}  ${status_colour(status, colours)(status)}\n`,
    line('task', task.task_id),
    line('segment', `${task.segment_id}, step ${task.step_id}`),
    line('type', request.task_type),
    line('about', request.description),
    line('assignee', claimed_by ?? request.assignee),
    line('since', shown_time(task.created_at)),
    line('due', request.due_at === null ? null : shown_time(request.due_at)),
    line('choices', request.choices.join(', ')),
    line('form', request.form === null ? null : JSON.stringify(request.form)),
    `\n${JSON.stringify(request.data, null, 2)}\n`,
    answer === null ? '' : `\n${line('answer', JSON.stringify(answer))}`,
  ];
  const commands = status === 'closed' ? [] : answer_commands(task, settings);
  return `${parts.join('')}${commands.map((command) => `\n${colours.cyan(command)}`).join('')}${commands.length > 0 ? '\n' : ''}`;
}
