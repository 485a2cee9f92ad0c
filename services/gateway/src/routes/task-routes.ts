import { AnswerTaskBody, ClaimTaskBody, HumanTask, TaskPage } from '@llmteam/contracts';
import { Type } from 'typebox';
import { listPage } from './listing.js';
import { type noBody, type noQuery, pageQuery, severalOf, strict, taskParam } from './parameters.js';
import { defineRoute, type Route } from './route.js';

const listQuery = Type.Object(
  {
    run_id: Type.Optional(Type.String({ maxLength: 128 })),
    segment_id: Type.Optional(Type.String({ maxLength: 64 })),
    assignee: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 256,
        description: 'Only tasks of this person: claimed by them, or else assigned to them.',
      }),
    ),
    status: Type.Optional(severalOf(HumanTask.properties.status)),
    ...pageQuery,
  },
  strict,
);
const oneTask = { content: { 'application/json': HumanTask } };

const listRoute = defineRoute<typeof listQuery, typeof noBody>({
  operation: 'list_tasks',
  method: 'get',
  path: '/api/v1/tasks',
  tag: 'tasks',
  summary: 'List human tasks, newest first',
  access: 'task:read',
  rate: 'request',
  query: listQuery,
  responses: { 200: { description: 'A page of tasks.', content: { 'application/json': TaskPage } } },
  errors: [],
  changes: false,
  handle: async ({ principal: { tenant_id }, query }, { tasks }) => {
    const page = await listPage(() => tasks.list({ tenant_id, ...query }));
    return { status: 200, body: page satisfies TaskPage };
  },
});

const getRoute = defineRoute<typeof noQuery, typeof noBody>({
  operation: 'get_task',
  method: 'get',
  path: '/api/v1/tasks/{task_id}',
  tag: 'tasks',
  summary: 'Get a human task',
  access: 'task:read',
  rate: 'request',
  params: taskParam,
  responses: { 200: { description: 'The current state of the task.', ...oneTask } },
  errors: ['TASK_UNKNOWN'],
  changes: false,
  handle: async ({ principal, params: { task_id = '' } }, { tasks }) => {
    return { status: 200, body: await tasks.show(principal.tenant_id, task_id) };
  },
});

const claimRoute = defineRoute<typeof noQuery, typeof ClaimTaskBody>({
  operation: 'claim_task',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/claim',
  tag: 'tasks',
  summary: 'Claim a human task',
  description: `A task with an assignee is theirs to claim. Only a key that may act for others may name another person than its own name, or claim
the task of another assignee. A claimed task must be unclaimed first.`,
  access: 'task:claim',
  rate: 'request',
  params: taskParam,
  body: { schema: ClaimTaskBody, required: false, max: 'body_bytes', read: 'json' },
  responses: { 200: { description: 'The task was claimed.', ...oneTask } },
  errors: ['TASK_UNKNOWN', 'TASK_CLOSED', 'TASK_CLAIMED', 'JSON_INVALID'],
  changes: true,
  handle: async ({ principal, params: { task_id = '' }, body }, { tasks }) => {
    return { status: 200, body: await tasks.claim(principal, task_id, body) };
  },
});

const unclaimRoute = defineRoute<typeof noQuery, typeof noBody>({
  operation: 'unclaim_task',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/unclaim',
  tag: 'tasks',
  summary: 'Give up the claim of a human task',
  description: 'Idempotent. Only who claimed the task, or a key that may act for others.',
  access: 'task:claim',
  rate: 'request',
  params: taskParam,
  responses: { 200: { description: 'The task is open.', ...oneTask } },
  errors: ['TASK_UNKNOWN', 'TASK_CLOSED', 'TASK_CLAIMED'],
  changes: true,
  handle: async ({ principal, params: { task_id = '' } }, { tasks }) => {
    return { status: 200, body: await tasks.unclaim(principal, task_id) };
  },
});

const answerRoute = defineRoute<typeof noQuery, typeof AnswerTaskBody>({
  operation: 'answer_task',
  method: 'post',
  path: '/api/v1/tasks/{task_id}/answer',
  tag: 'tasks',
  summary: 'Answer a human task',
  description: `The first answer wins. Repeating it is idempotent; a different one is refused. Only who claimed the task, or else its assignee, may
answer, or a key that may act for others; only such a key may name another person than its own name. The key is recorded with the answer.`,
  access: 'task:answer',
  rate: 'request',
  params: taskParam,
  body: { schema: AnswerTaskBody, required: true, max: 'body_bytes', read: 'json' },
  responses: { 200: { description: 'The answer was accepted.', ...oneTask } },
  errors: ['TASK_UNKNOWN', 'TASK_CLOSED', 'TASK_CLAIMED', 'ANSWER_INVALID', 'JSON_INVALID', 'LIMIT_EXCEEDED'],
  changes: true,
  handle: async ({ principal, params: { task_id = '' }, body }, { tasks }) => {
    return { status: 200, body: await tasks.answer(principal, task_id, body) };
  },
});

export const taskRoutes: readonly Route[] = [listRoute, getRoute, claimRoute, unclaimRoute, answerRoute];
