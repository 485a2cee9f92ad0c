import { RunExplanation } from '@llmteam/contracts';
import { type noBody, type noQuery, runParam } from './parameters.js';
import { defineRoute, type Route } from './route.js';

export const runExplanationRoutes: readonly Route[] = [
  defineRoute<typeof noQuery, typeof noBody>({
    operation: 'explain_run',
    method: 'get',
    path: '/api/v1/runs/{run_id}/explain',
    tag: 'runs',
    summary: 'Explain why a run is where it is',
    description:
      'Which steps wait for what, since when, and what would move them. Live coordinators and workers are as they were at the moment of the request.',
    access: 'run:read',
    rate: 'request',
    params: runParam,
    responses: { 200: { description: 'The reasons.', content: { 'application/json': RunExplanation } } },
    errors: ['RUN_UNKNOWN'],
    changes: false,
    handle: async ({ principal: { tenant_id }, params: { run_id = '' } }, { runQueries }) => {
      return { status: 200, body: await runQueries.explain({ tenant_id, run_id }) };
    },
  }),
];
