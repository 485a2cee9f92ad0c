import { type HumanTask, type Json, LlmteamError, type TaskAnswer } from '@llmteam/contracts';
import type { AnswerRequest } from '@llmteam/kernel';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { jsonOrText, parseArgument } from '../files.js';
import { localActor } from '../local-actor.js';
import { printNote, printResumeHint } from '../notes.js';
import { withStoreOf } from '../open-stores.js';
import { isOrphan } from '../orphans.js';
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
  const { tenant, comment, by } = options;
  const given = decisionOf(options);
  const run = runOfTask(tenant, taskId);
  await withStoreOf(settings, run, async (store) => {
    const { runs } = store;
    const value =
      given.decision === 'answer'
        ? choiceOrValue(given.value, options.value, await runs.task(tenant, taskId))
        : given.value;
    const answer: AnswerRequest = {
      decision: given.decision,
      ...(value !== undefined && { value }),
      ...(comment !== undefined && { comment }),
      ...(by !== undefined && { answered_by: by }),
    };
    const isOrphaned = await isOrphan(store, run).catch(() => false);
    await runs.answer(tenant, taskId, answer, localActor());
    printNote(settings, `Task answered: ${given.decision}.`);
    if (isOrphaned) printResumeHint(settings, run);
  });
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
  if (value !== undefined) return { decision: 'answer', value: jsonOrText('--value', value) };
  throw new LlmteamError('USAGE', "an answer is required: --approve, --reject, --modify '{…}' or --value '…'");
}

/** A choice is always text, even if it parses as JSON. */
function choiceOrValue(value: Json | undefined, text: string | undefined, { request }: HumanTask): Json | undefined {
  return text !== undefined && request.task_type === 'choice' && request.choices.includes(text) ? text : value;
}
