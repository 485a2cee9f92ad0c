import { userInfo } from 'node:os';
import { type HumanTask, type Json, LlmteamError, type TaskAnswer } from '@llmteam/contracts';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { parseArgument } from '../files.js';
import { printNote, printResumeHint } from '../notes.js';
import { withStoreOf } from '../open-stores.js';
import type { Settings } from '../settings.js';
import { runOfTask } from '../task-ids.js';

interface AnswerOptions {
  readonly tenant: string;
  readonly approve?: boolean;
  readonly reject?: boolean;
  readonly modify?: string;
  readonly value?: string;
  readonly comment?: string;
  readonly by?: string;
}

export async function tasksAnswer(
  settings: Settings,
  [taskId = '']: readonly string[],
  options: AnswerOptions,
): Promise<ExitCode> {
  const { tenant, comment } = options;
  const run = runOfTask(tenant, taskId);
  const given = decisionOf(options);
  await withStoreOf(settings, run, async ({ runs, kind }) => {
    const value =
      given.decision === 'answer'
        ? choiceOrValue(given.value, options.value, await runs.task(tenant, taskId))
        : given.value;
    const answer: TaskAnswer = {
      decision: given.decision,
      ...(value !== undefined && { value }),
      ...(comment !== undefined && { comment }),
      answered_by: options.by ?? userName(),
    };
    await runs.answer(tenant, taskId, answer);
    printNote(settings, `Task answered: ${given.decision}.`);
    if (kind === 'owned') printResumeHint(settings, run);
  });
  return exitCodes.completed;
}

export async function tasksClaim(
  settings: Settings,
  [taskId = '']: readonly string[],
  { tenant, by = userName() }: { tenant: string; by?: string },
): Promise<ExitCode> {
  const run = runOfTask(tenant, taskId);
  await withStoreOf(settings, run, ({ runs }) => runs.claim(tenant, taskId, by));
  printNote(settings, `Task claimed by ${by}.`);
  return exitCodes.completed;
}

interface Decision {
  readonly decision: TaskAnswer['decision'];
  readonly value: Json | undefined;
}

/** commander ensures that at most one is given; exactly one is required. */
function decisionOf({ approve, reject, modify, value }: AnswerOptions): Decision {
  if (approve === true) return { decision: 'approve', value: undefined };
  if (reject === true) return { decision: 'reject', value: undefined };
  if (modify !== undefined) return { decision: 'modify', value: parseArgument('--modify', modify) };
  if (value !== undefined) return { decision: 'answer', value: jsonOrText(value) };
  throw new LlmteamError('USAGE', "an answer is required: --approve, --reject, --modify '{…}' or --value '…'");
}

/** Accepts `--value Berlin` as text; a value that starts like a JSON string, array or object must be valid JSON. */
function jsonOrText(text: string): Json {
  if (/^\s*["[{]/.test(text)) return parseArgument('--value', text);
  try {
    return parseArgument('--value', text);
  } catch {
    return text;
  }
}

/** A choice is always text, even if it parses as JSON. */
function choiceOrValue(value: Json | undefined, text: string | undefined, { request }: HumanTask): Json | undefined {
  return text !== undefined && request.task_type === 'choice' && request.choices.includes(text) ? text : value;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'cli';
  }
}
