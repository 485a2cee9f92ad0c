import { userInfo } from 'node:os';
import { type HumanTask, type Json, LlmteamError, type TaskAnswer } from '@llmteam/contracts';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { parse_argument } from '../files.js';
import { with_store_of } from '../homes.js';
import type { Settings } from '../settings.js';
import { run_of_task } from '../task-ids.js';
import { tell, tell_how_to_go_on } from '../telling.js';

interface AnswerOptions {
  readonly tenant: string;
  readonly approve?: boolean;
  readonly reject?: boolean;
  readonly modify?: string;
  readonly value?: string;
  readonly comment?: string;
  readonly by?: string;
}

export async function tasks_answer(
  settings: Settings,
  [task_id = '']: readonly string[],
  options: AnswerOptions,
): Promise<ExitCode> {
  const { tenant, comment } = options;
  const run = run_of_task(tenant, task_id);
  const given = decision_of(options);
  await with_store_of(settings, run, async ({ runs, kind }) => {
    const value =
      given.decision === 'answer' ? meant(given.value, options.value, await runs.task(tenant, task_id)) : given.value;
    const answer: TaskAnswer = {
      decision: given.decision,
      ...(value !== undefined && { value }),
      ...(comment !== undefined && { comment }),
      answered_by: options.by ?? user_name(),
    };
    await runs.answer(tenant, task_id, answer);
    tell(settings, `The task is answered: ${given.decision}.`);
    if (kind === 'owned') tell_how_to_go_on(settings, run);
  });
  return exit_codes.completed;
}

export async function tasks_claim(
  settings: Settings,
  [task_id = '']: readonly string[],
  { tenant, by = user_name() }: { tenant: string; by?: string },
): Promise<ExitCode> {
  const run = run_of_task(tenant, task_id);
  await with_store_of(settings, run, ({ runs }) => runs.claim(tenant, task_id, by));
  tell(settings, `The task is claimed by ${by}.`);
  return exit_codes.completed;
}

interface Decision {
  readonly decision: TaskAnswer['decision'];
  readonly value: Json | undefined;
}

/** The options exclude each other; one must be there. */
function decision_of({ approve, reject, modify, value }: AnswerOptions): Decision {
  if (approve === true) return { decision: 'approve', value: undefined };
  if (reject === true) return { decision: 'reject', value: undefined };
  if (modify !== undefined) return { decision: 'modify', value: parse_argument('--modify', modify) };
  if (value !== undefined) return { decision: 'answer', value: json_or_text(value) };
  throw new LlmteamError('USAGE', "say how: --approve, --reject, --modify '{…}' or --value '…'");
}

/** People type `--value Berlin`, not `--value '"Berlin"'`. What begins as JSON must be JSON. */
function json_or_text(text: string): Json {
  if (/^\s*["[{]/.test(text)) return parse_argument('--value', text);
  try {
    return parse_argument('--value', text);
  } catch {
    return text;
  }
}

/** A choice is text, also if it looks like a number. */
function meant(value: Json | undefined, text: string | undefined, { request }: HumanTask): Json | undefined {
  return text !== undefined && request.task_type === 'choice' && request.choices.includes(text) ? text : value;
}

function user_name(): string {
  try {
    return userInfo().username;
  } catch {
    return 'cli';
  }
}
