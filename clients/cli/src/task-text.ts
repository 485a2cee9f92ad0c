/** A human task as text: what is asked, and what the answer is about. */
import type { HumanTask } from '@llmteam/contracts';
import { type Colours, statusColour } from './colours.js';
import { shownTime } from './durations.js';
import { plainText } from './plain-text.js';

export function taskText(task: HumanTask, colours: Colours): string {
  const { request, status, claimed_by, answer } = task;
  const line = (name: string, value: string | null): string => {
    return value === null || value === '' ? '' : `  ${colours.dim(name.padEnd(9))}${plainText(value)}\n`;
  };
  return [
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
    `\n${dataText(request.data)}\n`,
    answer === null ? '' : `\n${line('answer', JSON.stringify(answer))}`,
  ].join('');
}

/** Text is shown as it reads, anything else as JSON. Control characters of the data cannot reach the terminal. */
function dataText(data: HumanTask['request']['data']): string {
  const text = typeof data === 'string' ? data : JSON.stringify(data, null, 2);
  return text.split('\n').map(plainText).join('\n');
}
