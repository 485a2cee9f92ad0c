import { ForkRunBody, IdempotencyKey, isLlmteamError, RunAccepted, RunView, StartRunBody } from '@llmteam/contracts';
import { Type } from 'typebox';
import { idempotencyKey } from './idempotency-key.js';
import { type noQuery, runParam, segmentParam, strict, waitField } from './parameters.js';
import { type ApiResponse, defineRoute, type Route } from './route.js';

const keyHeader = {
  'Idempotency-Key': {
    schema: IdempotencyKey,
    description: 'A repeat with the same key and body returns the same run.',
  },
};
const replayHeader = {
  'Idempotent-Replayed': '`true` if an earlier request with the same key started the run; otherwise absent.',
};
const startQuery = Type.Object({ wait: waitField }, strict);

export const runStartRoutes: readonly Route[] = [
  defineRoute<typeof startQuery, typeof StartRunBody>({
    operation: 'start_run',
    method: 'post',
    path: '/api/v1/segments/{segment_id}/runs',
    tag: 'runs',
    summary: 'Start a run',
    description:
      'The response is sent once the run is durable. With `wait` it is the finished run, or the accepted one if the run takes longer.',
    access: 'run:start',
    rate: 'start',
    params: segmentParam,
    query: startQuery,
    headers: keyHeader,
    body: { schema: StartRunBody, required: false, max: 'body_bytes', read: 'json' },
    responses: {
      200: {
        description: 'The run ended within `wait` seconds.',
        content: { 'application/json': RunView },
        headers: replayHeader,
      },
      202: {
        description: 'The run was accepted.',
        content: { 'application/json': RunAccepted },
        headers: { Location: 'URL of the run.', ...replayHeader },
      },
    },
    errors: ['SEGMENT_UNKNOWN', 'JSON_INVALID', 'INPUT_INVALID', 'IDEMPOTENCY_CONFLICT', 'LIMIT_EXCEEDED'],
    changes: true,
    handle: async ({ principal, params: { segment_id = '' }, query, body, header, leaving, span }, services) => {
      const { runStarts, runQueries } = services;
      const { tenant_id } = principal;
      const key = idempotencyKey(header('Idempotency-Key'), body.idempotency_key);
      runQueries.checkWait(tenant_id, query.wait);
      const { run, isReplayed } = await runStarts.start(tenant_id, segment_id, body, { key, span });
      const headers = headersOf(run, isReplayed);
      const later = async (): Promise<ApiResponse | null> => {
        const waited = runQueries.whenEnded({ tenant_id, run_id: run.run_id }, query.wait, leaving);
        // The run has started: if the last slot was taken meanwhile, the client learns its id and may ask again.
        const ended = await waited.catch(unlessLimited);
        return ended === null ? null : { status: 200, headers: replayed(isReplayed), body: ended };
      };
      return { status: 202, headers, body: run, later };
    },
  }),
  defineRoute<typeof noQuery, typeof ForkRunBody>({
    operation: 'fork_run',
    method: 'post',
    path: '/api/v1/runs/{run_id}/fork',
    tag: 'runs',
    summary: 'Fork a run: run again from a step, as a new run',
    access: 'run:fork',
    rate: 'start',
    params: runParam,
    headers: keyHeader,
    body: { schema: ForkRunBody, required: true, max: 'body_bytes', read: 'json' },
    responses: {
      202: {
        description: 'The new run.',
        content: { 'application/json': RunAccepted },
        headers: { Location: 'Where the new run is.', ...replayHeader },
      },
    },
    errors: [
      'RUN_UNKNOWN',
      'STEP_UNKNOWN',
      'PORT_UNKNOWN',
      'INPUT_INVALID',
      'RUN_REDACTED',
      'JSON_INVALID',
      'IDEMPOTENCY_CONFLICT',
      'LIMIT_EXCEEDED',
    ],
    changes: true,
    handle: async ({ principal: { tenant_id }, params: { run_id = '' }, body, header, span }, { runStarts }) => {
      const key = header('Idempotency-Key');
      const { run, isReplayed } = await runStarts.fork({ tenant_id, run_id }, body, { key, span });
      return { status: 202, headers: headersOf(run, isReplayed), body: run };
    },
  }),
];

function unlessLimited(thrown: unknown): null {
  if (isLlmteamError(thrown) && thrown.code === 'RATE_LIMITED') return null;
  throw thrown;
}

function headersOf({ run_id }: RunAccepted, isReplayed: boolean): Readonly<Record<string, string>> {
  return { Location: `/api/v1/runs/${run_id}`, ...replayed(isReplayed) };
}

function replayed(isReplayed: boolean): Readonly<Record<string, string>> {
  return isReplayed ? { 'Idempotent-Replayed': 'true' } : {};
}
