import { RunView } from '@llmteam/contracts';
import { type noBody, type noQuery, runParam } from './parameters.js';
import { defineRoute, type Route } from './route.js';

const deleteRoute = defineRoute<typeof noQuery, typeof noBody>({
  operation: 'delete_run',
  method: 'delete',
  path: '/api/v1/runs/{run_id}',
  tag: 'runs',
  summary: 'Delete a run that has ended, with its child runs',
  description: `Its history, large values, human tasks and list entries are removed; open streams of it are closed. Every gateway forgets it
within a second. Idempotent for a week, after which it is unknown. Its idempotency key is not accepted again for that long. Forks of the run,
values in stores and the audit trail stay.`,
  access: 'run:delete',
  rate: 'request',
  params: runParam,
  responses: { 204: { description: 'The run is deleted.' } },
  errors: ['RUN_UNKNOWN', 'RUN_ACTIVE'],
  changes: true,
  handle: async ({ principal: { tenant_id }, params: { run_id = '' } }, { runRemoval }) => {
    await runRemoval.remove({ tenant_id, run_id });
    return { status: 204 };
  },
});

const redactRoute = defineRoute<typeof noQuery, typeof noBody>({
  operation: 'redact_run',
  method: 'post',
  path: '/api/v1/runs/{run_id}/redact',
  tag: 'runs',
  summary: 'Remove the data of a run that has ended, with that of its child runs',
  description: `For good: inputs, outputs, payloads of events, human tasks with their answers, texts of errors, and \`metadata\`,
\`correlation_id\` and \`instance_id\`, by which the run is no longer found. Generated ids, types, statuses, codes, times and usage stay, in lists as well, marked
\`redacted\`. Such a run cannot be forked. Idempotent.`,
  access: 'run:redact',
  rate: 'request',
  params: runParam,
  responses: { 200: { description: 'What is left of the run.', content: { 'application/json': RunView } } },
  errors: ['RUN_UNKNOWN', 'RUN_ACTIVE'],
  changes: true,
  handle: async ({ principal: { tenant_id, name }, params: { run_id = '' } }, { runRemoval, runQueries }) => {
    await runRemoval.redact({ tenant_id, run_id }, name);
    return { status: 200, body: await runQueries.show({ tenant_id, run_id }) };
  },
});

export const runRemovalRoutes: readonly Route[] = [deleteRoute, redactRoute];
