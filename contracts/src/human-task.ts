import { type Static, Type } from 'typebox';
import { JsonRecord, JsonValue } from './json.js';

export const taskTypes = ['approval', 'input', 'review', 'choice'] as const;

export const answerDecisions = ['approve', 'reject', 'modify', 'answer'] as const;

/** The API key of a caller, which need not be that of the person the caller names. */
export const KeyPrefix = Type.String({
  maxLength: 64,
  description: 'The public prefix of the API key that was used; absent on the local command line.',
});

/** What a person is asked to do. Opened by a control type's `open_task` directive. */
export const TaskRequest = Type.Object(
  {
    task_type: Type.Enum([...taskTypes]),
    title: Type.String(),
    description: Type.String(),
    assignee: Type.Union([Type.String(), Type.Null()]),
    choices: Type.Array(Type.String()),
    form: Type.Union([JsonRecord, Type.Null()], { description: 'JSON Schema the answer must match.' }),
    data: JsonValue,
    due_at: Type.Union([Type.Integer(), Type.Null()], { description: 'Epoch milliseconds.' }),
  },
  { additionalProperties: false, $id: 'TaskRequest' },
);
export type TaskRequest = Static<typeof TaskRequest>;

/** A person's answer. `value` is the modified or entered data, or the choice. */
export const TaskAnswer = Type.Object(
  {
    decision: Type.Enum([...answerDecisions]),
    value: Type.Optional(JsonValue),
    comment: Type.Optional(Type.String({ maxLength: 65_536 })),
    answered_by: Type.String({ maxLength: 256 }),
    answered_with_key: Type.Optional(KeyPrefix),
  },
  { additionalProperties: false, $id: 'TaskAnswer' },
);
export type TaskAnswer = Static<typeof TaskAnswer>;

export const HumanTask = Type.Object(
  {
    task_id: Type.String({ description: '`<run_id>:<step key>`' }),
    run_id: Type.String(),
    tenant_id: Type.String(),
    segment_id: Type.String(),
    step_id: Type.String(),
    status: Type.Enum(['open', 'claimed', 'closed']),
    escalation_level: Type.Integer({ minimum: 0 }),
    claimed_by: Type.Union([Type.String(), Type.Null()]),
    created_at: Type.Integer({ description: 'Epoch milliseconds.' }),
    request: TaskRequest,
    answer: Type.Union([TaskAnswer, Type.Null()]),
  },
  { additionalProperties: false, $id: 'HumanTask' },
);
export type HumanTask = Static<typeof HumanTask>;

export function taskId(runId: string, step: string): string {
  return `${runId}:${step}`;
}
