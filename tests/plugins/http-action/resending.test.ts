import type { RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { LlmteamError, type Segment } from '@llmteam/contracts';
import { createHttpAction, type HttpActionConfig } from '@llmteam/http-action';
import * as assert from 'uvu/assert';
import { type Handler, Partition, withBackend } from '../../run-loop/partition.js';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { withHttpServer, withRawServer } from '../support/with-server.js';
import { withAction } from './with-action.js';

type Method = HttpActionConfig['method'] & {};

/** The error of a request that the server takes and does not answer: it is lost, or times out. */
async function lost(how: 'connection' | 'answer' | 'total' | 'step', config: HttpActionConfig): Promise<LlmteamError> {
  const errors: LlmteamError[] = [];
  const abort = new AbortController();
  await withRawServer(
    (socket) => {
      if (how === 'connection') socket.destroy();
      if (how === 'answer') socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{');
      if (how === 'step') abort.abort(new LlmteamError('STEP_TIMEOUT', 'too long', { details: { a: 1 } }));
    },
    (baseUrl) =>
      withAction(how === 'total' ? { limits: { totalMs: 200 } } : {}, async ({ call }) => {
        const code = how === 'step' ? 'STEP_TIMEOUT' : 'HTTP_FAILED';
        errors.push(
          await rejectsWith(code, () =>
            call({ config: { client_ref: 'local', ...config }, base_url: baseUrl, signal: abort.signal }),
          ),
        );
      }),
  );
  return errors[0] as LlmteamError;
}

/** How many requests a step with a time-out and three attempts sends to a server that never answers. */
async function requestsOfStep(method: Method): Promise<number> {
  const seen = { requests: 0, timedOut: 0 };
  const listener: RequestListener = () => {
    seen.requests += 1;
  };
  const { stepType, close } = createHttpAction({ resolve: async () => ['127.0.0.1'], reachOf: () => 'public' });
  await withHttpServer(listener, (origin) =>
    withBackend(async (shared) => {
      const url = `http://a.test:${new URL(origin).port}`;
      const handler: Handler = (context) => stepType.run(context, { url, method }, null);
      const partition = new Partition(shared, 'p', handler);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(oneStep);
      while ((await partition.view(run)).status !== 'failed') {
        await delay(5);
        const isNew = seen.requests > seen.timedOut;
        if (isNew) seen.timedOut += 1;
        await shared.clock.advance(isNew ? 2_000 : 1);
      }
      await partition.stop();
    }),
  );
  await close();
  return seen.requests;
}

const oneStep: Segment = {
  segment_id: 'one',
  name: 'One',
  entrypoint: 'work',
  params: { timeout_seconds: null },
  steps: [
    {
      step_id: 'work',
      type: 'work',
      timeout_seconds: 2,
      retry: { max_attempts: 3, initial_interval_seconds: 0 },
    },
  ],
};

spec('http_action: sending again', (test) => {
  for (const how of ['connection', 'answer', 'total', 'step'] as const) {
    test(`a request that may have arrived is not sent again if it is a POST or PATCH (${how})`, async () => {
      for (const method of ['POST', 'PATCH'] as const) {
        const error = await lost(how, { method });
        assert.not(error.recoverable, method);
        assert.match(error.message, 'set `idempotent: true`');
      }
    });

    test(`an idempotent request is (${how})`, async () => {
      for (const method of ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'] as Method[]) {
        if (how === 'answer' && method === 'HEAD') continue;
        assert.ok((await lost(how, { method })).recoverable, method);
      }
      assert.ok((await lost(how, { method: 'POST', idempotent: true })).recoverable);
      assert.not((await lost(how, { method: 'PUT', idempotent: false })).recoverable);
    });
  }

  test('a step whose POST times out has sent one request, whatever its retry policy', async () => {
    for (const [method, requests] of [
      ['POST', 1],
      ['PUT', 3],
    ] as const) {
      assert.is(await requestsOfStep(method), requests, method);
    }
  });

  test('a POST that was never sent may be sent again', async () => {
    const missing = () => Promise.reject(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));
    const hanging = () => new Promise<never>(() => undefined);
    for (const resolve of [missing, hanging]) {
      await withAction({ resolve, limits: { totalMs: 200 } }, async ({ call }) => {
        const error = await rejectsWith('HTTP_FAILED', () => call({ config: { url: 'http://gone.test/' } }));
        assert.ok(error.recoverable);
      });
    }
    await withAction({ resolve: hanging }, async ({ call }) => {
      const abort = new AbortController();
      const call1 = call({ config: { url: 'http://gone.test/' }, signal: abort.signal });
      abort.abort(new LlmteamError('STEP_TIMEOUT', 'too long'));
      assert.ok((await rejectsWith('STEP_TIMEOUT', () => call1)).recoverable);
    });
  });

  test('a POST that was answered may be sent again, whatever the method', async () => {
    for (const status of [429, 500, 503]) {
      await withHttpServer(
        (_request, response) => void response.writeHead(status).end(),
        (baseUrl) =>
          withAction({}, async ({ call }) => {
            const error = await rejectsWith('HTTP_STATUS', () =>
              call({ config: { client_ref: 'local' }, base_url: baseUrl }),
            );
            assert.ok(error.recoverable);
          }),
      );
    }
  });

  test('a POST that was answered with a redirect counts as arrived when the next request fails', async () => {
    await withHttpServer(
      (request, response) => {
        if (request.url === '/') response.writeHead(303, { location: '/lost' }).end();
        else if (request.url === '/away') response.writeHead(303, { location: 'http://gone.test/' }).end();
        else request.socket.destroy();
      },
      async (baseUrl) => {
        const resolve = async (host: string) => (host === 'gone.test' ? [] : ['127.0.0.1']);
        await withAction({ resolve, reachOf: () => 'public' }, async ({ call }) => {
          for (const path of ['/', '/away']) {
            const url = `http://a.test:${new URL(baseUrl).port}${path}`;
            const error = await rejectsWith('HTTP_FAILED', () => call({ config: { url } }));
            assert.not(error.recoverable, path);
          }
        });
      },
    );
  });
});
