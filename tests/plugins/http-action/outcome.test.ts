import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { LlmteamError } from '@llmteam/contracts';
import { createHttpAction, type HttpActionConfig, retryAfter } from '@llmteam/http-action';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fakeStepContext } from '../support/fake-step-context.js';
import { rejectsWith } from '../support/rejection.js';
import { withHttpServer } from '../support/with-server.js';
import { type Action, withAction } from './with-action.js';

const now = () => Date.UTC(2030, 0, 1);

async function withStatus(
  status: number,
  headers: Record<string, string>,
  use: (action: Action, baseUrl: string) => Promise<void>,
): Promise<void> {
  const listener: RequestListener = (_request, response) =>
    void response.writeHead(status, headers).end('{"secret":1}');
  await withHttpServer(listener, (baseUrl) => withAction({ now }, (action) => use(action, baseUrl)));
}

async function failure(
  status: number,
  code: string,
  headers: Record<string, string> = {},
  config: HttpActionConfig = {},
) {
  const errors: LlmteamError[] = [];
  await withStatus(status, headers, async ({ call }, baseUrl) => {
    errors.push(await rejectsWith(code, () => call({ config: { client_ref: 'local', ...config }, base_url: baseUrl })));
  });
  return errors[0] as LlmteamError;
}

spec('http_action: statuses', (test) => {
  for (const status of [400, 401, 403, 404, 409, 410, 422, 451]) {
    test(`${status} is a refusal that is not repeated`, async () => {
      const error = await failure(status, 'HTTP_CLIENT_ERROR');
      assert.not(error.recoverable);
      assert.is(error.details?.status, status);
    });
  }

  for (const status of [300, 304, 408, 425, 429, 500, 502, 503, 504, 599]) {
    test(`${status} may be repeated`, async () => {
      const error = await failure(status, 'HTTP_STATUS');
      assert.ok(error.recoverable);
      assert.is(error.details?.status, status);
    });
  }

  for (const [expectStatus, good, bad] of [
    [404, 404, 200],
    ['4xx', 418, 200],
    [['2xx', 404], 404, 500],
    [[200, 201], 201, 202],
  ] as const) {
    test(`expect_status ${JSON.stringify(expectStatus)} takes ${good} and not ${bad}`, async () => {
      const config = { client_ref: 'local', expect_status: expectStatus as HttpActionConfig['expect_status'] & {} };
      await withStatus(good, {}, async ({ call }, baseUrl) => {
        assert.equal(await call({ config, base_url: baseUrl }), { response: { secret: 1 }, status: good });
      });
      await failure(bad, 'HTTP_STATUS', {}, config);
    });
  }

  test('Retry-After goes along in seconds', async () => {
    const error = await failure(429, 'HTTP_STATUS', { 'retry-after': '17' });
    assert.is(error.details?.retry_after_seconds, 17);
    const dated = await failure(503, 'HTTP_STATUS', { 'retry-after': 'Tue, 01 Jan 2030 00:00:30 GMT' });
    assert.is(dated.details?.retry_after_seconds, 30);
  });

  for (const [header, seconds] of [
    ['0', 0],
    [' 5 ', 5],
    ['99999999999999999999', 3_600],
    ['Tue, 01 Jan 2030 00:00:00 GMT', 0],
    ['Sat, 01 Jan 2000 00:00:00 GMT', 0],
    ['Fri, 01 Jan 2100 00:00:00 GMT', 3_600],
    ['Tuesday, 01-Jan-30 00:01:00 GMT', 60],
    ['Tue, nonsense', undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['', undefined],
    [undefined, undefined],
    [['1', '2'], undefined],
  ] as const) {
    test(`Retry-After ${JSON.stringify(header)} is ${seconds}`, () => {
      assert.is(retryAfter(header as string | string[] | undefined, now()), seconds);
    });
  }
});

spec('http_action: cancellation', (test) => {
  const config = { client_ref: 'local', method: 'GET' } as const;

  test('an abort in the middle of the response ends it and closes the connection', async () => {
    const abort = new AbortController();
    const closed = { promise: Promise.resolve<unknown>(undefined) };
    await withHttpServer(
      (_request, response) => {
        closed.promise = once(response, 'close');
        response.writeHead(200).write('{"a":');
        abort.abort();
      },
      (baseUrl) =>
        withAction({}, async ({ call }) => {
          await rejectsWith('CANCELLED', () => call({ config, base_url: baseUrl, signal: abort.signal }));
          await closed.promise;
        }),
    );
  });

  test('a reason that is an error of the contract is the error', async () => {
    const abort = new AbortController();
    await withHttpServer(
      () => abort.abort(new LlmteamError('STEP_TIMEOUT', 'the attempt took too long')),
      (baseUrl) =>
        withAction({}, async ({ call }) => {
          const error = await rejectsWith('STEP_TIMEOUT', () =>
            call({ config, base_url: baseUrl, signal: abort.signal }),
          );
          assert.ok(error.recoverable);
        }),
    );
  });

  test('an attempt that is aborted already sends nothing', async () => {
    const requests: string[] = [];
    await withHttpServer(
      (request, response) => {
        requests.push(request.url ?? '');
        response.end();
      },
      (baseUrl) =>
        withAction({}, async ({ call }) => {
          await rejectsWith('CANCELLED', () => call({ config, base_url: baseUrl, signal: AbortSignal.abort() }));
        }),
    );
    assert.equal(requests, []);
  });

  test('closing breaks off what still runs, and the type can be used again', async () => {
    const action = createHttpAction();
    const requests: string[] = [];
    await withHttpServer(
      (request, response) => {
        requests.push(request.url ?? '');
        if (request.url === '/hang') void action.close();
        else response.end('1');
      },
      async (baseUrl) => {
        const clients = { local: { base_url: baseUrl, headers: {}, allow_private_network: true } };
        const run = (path: string) =>
          action.stepType.run(fakeStepContext({ clients }).context, { ...config, path }, null);
        await rejectsWith('HTTP_FAILED', () => run('/hang'));
        assert.is((await run('/again')).response, 1);
        assert.equal(requests, ['/hang', '/again']);
      },
    );
    await action.close();
    await action.close();
  });
});

spec('http_action: what is told', (test) => {
  const headers = { 'X-Secret': 'header-secret' };
  const config = { client_ref: 'local', path: '/things', query: { token: 'query-secret' }, headers } as const;
  const client = { headers: { authorization: 'Bearer client-secret' } };

  test('a success is recorded as started and completed', async () => {
    await withStatus(201, {}, async ({ call, traces }, baseUrl) => {
      await call({ config, base_url: baseUrl, client });
      const about = { method: 'POST', url: `${baseUrl}/things` };
      const [started, completed] = traces[0]?.activities ?? [];
      assert.equal(started, { event_type: 'action.started', payload: about });
      assert.is(completed?.event_type, 'action.completed');
      assert.equal(completed?.payload, { ...about, status: 201, bytes: 12 });
      assert.ok(Number.isInteger(completed?.duration_ms));
    });
  });

  test('a failure is recorded with its code and status', async () => {
    await withStatus(503, {}, async ({ call, traces }, baseUrl) => {
      await rejectsWith('HTTP_STATUS', () => call({ config, base_url: baseUrl, client }));
      const failed = traces[0]?.activities.at(-1);
      assert.is(failed?.event_type, 'action.failed');
      assert.equal(failed?.payload, { method: 'POST', url: `${baseUrl}/things`, code: 'HTTP_STATUS', status: 503 });
    });
  });

  test('nothing of the request but method and path is in events or errors', async () => {
    for (const status of [200, 400, 500, 302]) {
      const location = 'http://169.254.169.254/?token=location-secret';
      await withStatus(status, { location }, async ({ call, traces }, baseUrl) => {
        const error = await call({ config, base_url: baseUrl, client, input: 'body-secret' }).catch(
          (thrown: LlmteamError) => thrown,
        );
        assert.ok((traces[0]?.activities.length ?? 0) === 2);
        assert.not.match(JSON.stringify(traces), /-secret|"secret"/);
        const told = JSON.stringify(error instanceof Error ? [error.message, error] : 'fine');
        assert.not.match(told, /(header|query|client|body)-secret/);
      });
    }
  });
});
