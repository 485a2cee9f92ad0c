import { StepDetail, StepKey, StepPage } from '@llmteam/contracts';
import { Type } from 'typebox';
import { type noBody, type noQuery, pageQuery, runParam, strict } from './parameters.js';
import { defineRoute, type Route } from './route.js';

const { limit } = pageQuery;
const listQuery = Type.Object(
  {
    cursor: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,8}$', description: 'The cursor of the previous page.' }),
    ),
    limit,
  },
  strict,
);

/** What the steps of a run got and gave. Large values are read step by step, not with the run. */
export const runStepRoutes: readonly Route[] = [
  defineRoute<typeof listQuery, typeof noBody>({
    operation: 'list_run_steps',
    method: 'get',
    path: '/api/v1/runs/{run_id}/steps',
    tag: 'runs',
    summary: 'List the step occurrences of a run',
    description:
      'Those of iterations that are over included, in the order in which they ended; then those still undecided. The values of one are at ' +
      '`/api/v1/runs/{run_id}/steps/{step}`.',
    access: 'run:read',
    rate: 'request',
    params: runParam,
    query: listQuery,
    responses: { 200: { description: 'A page of steps.', content: { 'application/json': StepPage } } },
    errors: ['RUN_UNKNOWN'],
    changes: false,
    handle: async ({ principal: { tenant_id }, params: { run_id = '' }, query, leaving }, { runQueries }) => {
      const request = { first: Number(query.cursor ?? 0), limit: query.limit ?? 50, signal: leaving() };
      return { status: 200, json: await runQueries.steps({ tenant_id, run_id }, request) };
    },
  }),
  defineRoute<typeof noQuery, typeof noBody>({
    operation: 'get_run_step',
    method: 'get',
    path: '/api/v1/runs/{run_id}/steps/{step}',
    tag: 'runs',
    summary: 'Get the inputs and outputs of a step occurrence',
    access: 'run:read',
    rate: 'request',
    params: {
      ...runParam,
      step: {
        schema: StepKey,
        description: 'The step key as in `/steps`, e.g. `each[3]/fetch`, percent-encoded.',
        unknown: 'STEP_UNKNOWN',
      },
    },
    responses: { 200: { description: 'The step.', content: { 'application/json': StepDetail } } },
    errors: ['RUN_UNKNOWN', 'STEP_UNKNOWN', 'RUN_REDACTED'],
    changes: false,
    handle: async ({ principal: { tenant_id }, params: { run_id = '', step = '' } }, { runQueries }) => {
      return { status: 200, body: await runQueries.step({ tenant_id, run_id }, step) };
    },
  }),
];
