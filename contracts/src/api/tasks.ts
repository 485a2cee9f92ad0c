import { type Static, Type } from 'typebox';
import { HumanTask, TaskAnswer } from '../human-task.js';
import { PageCursor } from './run-answers.js';

const strict = { additionalProperties: false } as const;
const { decision, value, comment } = TaskAnswer.properties;

/** The person on whose behalf the key acts. The key is recorded as well, and cannot be given. */
const by = Type.String({
  minLength: 1,
  maxLength: 128,
  description:
    'The person who acts. Default: the name of the API key; only a key that may act for others may name another.',
});

/** `POST /api/v1/tasks/{task_id}/answer` */
export const AnswerTaskBody = Type.Object(
  { decision, value, comment, answered_by: Type.Optional(by) },
  { ...strict, $id: 'AnswerTaskBody' },
);
export type AnswerTaskBody = Static<typeof AnswerTaskBody>;

/** `POST /api/v1/tasks/{task_id}/claim` */
export const ClaimTaskBody = Type.Object({ claimed_by: Type.Optional(by) }, { ...strict, $id: 'ClaimTaskBody' });
export type ClaimTaskBody = Static<typeof ClaimTaskBody>;

export const TaskPage = Type.Object(
  { tasks: Type.Array(HumanTask), cursor: PageCursor },
  { ...strict, $id: 'TaskPage', description: 'Human tasks, newest first.' },
);
export type TaskPage = Static<typeof TaskPage>;
