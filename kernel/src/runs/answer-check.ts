import { type HumanTask, LlmteamError, type TaskAnswer } from '@llmteam/contracts';
import { validate_value } from '../validation/validate-value.js';

const allowed: Readonly<Record<HumanTask['request']['task_type'], readonly TaskAnswer['decision'][]>> = {
  approval: ['approve', 'reject'],
  review: ['approve', 'reject', 'modify'],
  input: ['answer'],
  choice: ['answer'],
};

/** @throws LlmteamError `ANSWER_INVALID`, saying what the task expects */
export function check_answer(task: HumanTask, answer: TaskAnswer): void {
  const { task_type, choices, form } = task.request;
  const decisions = allowed[task_type];
  if (!decisions.includes(answer.decision)) {
    throw refuse(
      task,
      `'${answer.decision}' does not answer a task of type '${task_type}'; expected ${decisions.join(' or ')}`,
    );
  }
  const needs_value = answer.decision === 'modify' || answer.decision === 'answer';
  if (needs_value && answer.value === undefined) throw refuse(task, `'${answer.decision}' needs a value`);
  if (task_type === 'choice' && !choices.some((choice) => choice === answer.value)) {
    throw refuse(task, `${JSON.stringify(answer.value)} is not one of ${choices.join(', ')}`);
  }
  if (form === null || !needs_value || answer.value === undefined) return;
  const problems = validate_value(form, answer.value, 'answer');
  if (problems.length > 0)
    throw refuse(task, problems.map(({ path, message }) => `${path} ${message}`.trim()).join('; '));
}

function refuse(task: HumanTask, message: string): LlmteamError {
  return new LlmteamError('ANSWER_INVALID', `task '${task.task_id}': ${message}`);
}
