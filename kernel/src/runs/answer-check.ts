import { type HumanTask, LlmteamError, type Problem, type TaskAnswer } from '@llmteam/contracts';
import { validateValue } from '../validation/validate-value.js';

const allowed: Readonly<Record<HumanTask['request']['task_type'], readonly TaskAnswer['decision'][]>> = {
  approval: ['approve', 'reject'],
  review: ['approve', 'reject', 'modify'],
  input: ['answer'],
  choice: ['answer'],
};

/** @throws LlmteamError `ANSWER_INVALID`; its message says what the task expects */
export function checkAnswer(task: HumanTask, answer: TaskAnswer): void {
  const { task_type, choices, form } = task.request;
  const decisions = allowed[task_type];
  if (!decisions.includes(answer.decision)) {
    const expected = decisions.join(' or ');
    throw refuse(
      task,
      '/decision',
      `'${answer.decision}' does not answer a task of type '${task_type}'; expected ${expected}`,
    );
  }
  const needsValue = answer.decision === 'modify' || answer.decision === 'answer';
  if (needsValue && answer.value === undefined) {
    throw refuse(task, '/value', `'${answer.decision}' needs a value`);
  }
  if (task_type === 'choice' && !choices.some((choice) => choice === answer.value)) {
    throw refuse(task, '/value', `${JSON.stringify(answer.value)} is not one of ${choices.join(', ')}`);
  }
  if (form === null || !needsValue || answer.value === undefined) return;
  const problems = validateValue(form, answer.value, 'answer');
  if (problems.length === 0) return;
  const message = problems.map((problem) => `${problem.path} ${problem.message}`.trim()).join('; ');
  const located = problems.map((problem) => ({ ...problem, path: `/value${problem.path}` }));
  throw refused(task, message, located);
}

function refuse(task: HumanTask, path: string, message: string): LlmteamError {
  return refused(task, message, [{ severity: 'error', code: 'SCHEMA_VIOLATION', message, path }]);
}

/** Problem paths are JSON Pointers into the answer. */
function refused(task: HumanTask, message: string, problems: readonly Problem[]): LlmteamError {
  return new LlmteamError('ANSWER_INVALID', `task '${task.task_id}': ${message}`, {
    details: { problems: [...problems] },
  });
}
