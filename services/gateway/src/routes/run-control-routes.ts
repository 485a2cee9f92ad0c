import { ControlRunBody, RunAccepted, SignalRunBody } from '@llmteam/contracts';
import { Type } from 'typebox';
import type { ControlAction } from '../use-cases/run-control.js';
import { type noQuery, runParam } from './parameters.js';
import { defineRoute, type Route } from './route.js';

const summaries: Readonly<Record<ControlAction, string>> = {
  cancel: 'Cancel a run; running handlers are aborted',
  pause: 'Pause a run: start no more steps',
  resume: 'Resume a paused run',
};

function controlRoute(action: ControlAction): Route {
  return defineRoute<typeof noQuery, typeof ControlRunBody>({
    operation: `${action}_run`,
    method: 'post',
    path: `/api/v1/runs/{run_id}/${action}`,
    tag: 'runs',
    summary: summaries[action],
    description: 'Idempotent.',
    access: `run:${action}`,
    rate: 'request',
    params: runParam,
    body: { schema: ControlRunBody, required: false, max: 'body_bytes', read: 'json' },
    responses: { 200: { description: 'The request was recorded.', content: { 'application/json': RunAccepted } } },
    errors: ['RUN_UNKNOWN', 'RUN_ENDED', 'RUN_REDACTED', 'JSON_INVALID'],
    changes: true,
    handle: async ({ principal: { tenant_id, name }, params: { run_id = '' }, body }, { runControl }) => {
      const run = await runControl.control({ tenant_id, run_id }, action, name, body.reason);
      return { status: 200, body: run };
    },
  });
}

const signalRoute = defineRoute<typeof noQuery, typeof SignalRunBody>({
  operation: 'signal_run',
  method: 'post',
  path: '/api/v1/runs/{run_id}/signals/{name}',
  tag: 'runs',
  summary: 'Send a signal to a run',
  description:
    'A signal that no step waits for yet is buffered. With an `Idempotency-Key`, repeats count as one signal.',
  access: 'run:signal',
  rate: 'request',
  params: {
    ...runParam,
    name: {
      schema: Type.String({ minLength: 1, maxLength: 128 }),
      description: 'The name that steps wait for.',
      unknown: 'ROUTE_UNKNOWN',
    },
  },
  headers: {
    'Idempotency-Key': {
      schema: Type.String({ pattern: '^[\\x21-\\x7e]+$', maxLength: 255 }),
      description: 'A repeat with the same key is the same signal.',
    },
  },
  body: { schema: SignalRunBody, required: false, max: 'body_bytes', read: 'json' },
  responses: { 202: { description: 'The signal was recorded.', content: { 'application/json': RunAccepted } } },
  errors: ['RUN_UNKNOWN', 'RUN_ENDED', 'RUN_REDACTED', 'JSON_INVALID', 'LIMIT_EXCEEDED'],
  changes: true,
  handle: async ({ principal: { tenant_id }, params: { run_id = '', name = '' }, body, header }, { runControl }) => {
    const run = await runControl.signal({ tenant_id, run_id }, name, body, header('Idempotency-Key'));
    return { status: 202, body: run };
  },
});

export const runControlRoutes: readonly Route[] = [
  controlRoute('cancel'),
  controlRoute('pause'),
  controlRoute('resume'),
  signalRoute,
];
