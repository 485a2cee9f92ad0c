import { ControlRunBody, RunAccepted, SignalRunBody } from '@llmteam/contracts';
import { Type } from 'typebox';
import { accepted } from '../run-starts.js';
import { type no_query, run_param } from './parameters.js';
import { define_route, type Route } from './route.js';

const summaries = {
  cancel: 'Cancel a run; handlers that are at work are told',
  pause: 'Begin no more steps of a run',
  resume: 'Go on with a run that was paused',
} as const;

function control_route(action: keyof typeof summaries): Route {
  return define_route<typeof no_query, typeof ControlRunBody>({
    operation: `${action}_run`,
    method: 'post',
    path: `/api/v1/runs/{run_id}/${action}`,
    tag: 'runs',
    summary: summaries[action],
    description: 'Asking again changes nothing.',
    access: `run:${action}`,
    rate: 'request',
    params: run_param,
    body: { schema: ControlRunBody, required: false, max: 'body_bytes', read: 'json' },
    answers: { 200: { description: 'It was asked for.', content: { 'application/json': RunAccepted } } },
    errors: ['RUN_UNKNOWN', 'RUN_ENDED', 'JSON_INVALID'],
    changes: true,
    handle: async ({ principal: { tenant_id, name }, params: { run_id = '' }, body }, services) => {
      const run = { tenant_id, run_id };
      await services.runs.control(run, action, name, body.reason);
      return { status: 200, body: await accepted(run, services) };
    },
  });
}

const signal_route = define_route<typeof no_query, typeof SignalRunBody>({
  operation: 'signal_run',
  method: 'post',
  path: '/api/v1/runs/{run_id}/signals/{name}',
  tag: 'runs',
  summary: 'Send a signal to a run',
  description:
    'A signal that nothing waits for yet is kept. With an `Idempotency-Key` the same signal again is one signal.',
  access: 'run:signal',
  rate: 'request',
  params: {
    ...run_param,
    name: {
      schema: Type.String({ minLength: 1, maxLength: 128 }),
      description: 'The name steps wait for.',
      unknown: 'ROUTE_UNKNOWN',
    },
  },
  headers: {
    'Idempotency-Key': {
      schema: Type.String({ pattern: '^[\\x21-\\x7e]+$', maxLength: 255 }),
      description: 'The same key is the same signal.',
    },
  },
  body: { schema: SignalRunBody, required: false, max: 'body_bytes', read: 'json' },
  answers: { 202: { description: 'The signal is kept.', content: { 'application/json': RunAccepted } } },
  errors: ['RUN_UNKNOWN', 'RUN_ENDED', 'JSON_INVALID', 'LIMIT_EXCEEDED'],
  changes: true,
  handle: async ({ principal: { tenant_id }, params: { run_id = '', name = '' }, body, header }, services) => {
    const run = { tenant_id, run_id };
    const key = header('Idempotency-Key');
    await services.runs.signal(run, name, body.payload ?? null, {
      ...(body.correlation !== undefined && { correlation: body.correlation }),
      ...(key !== undefined && { id: `key:${key}` }),
    });
    return { status: 202, body: await accepted(run, services) };
  },
});

export const run_control_routes: readonly Route[] = [
  control_route('cancel'),
  control_route('pause'),
  control_route('resume'),
  signal_route,
];
