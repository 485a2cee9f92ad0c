import type { RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { withHttpServer, withRawServer } from '../support/with-server.js';
import { withAction } from './with-action.js';

const config = { client_ref: 'local', method: 'GET' } as const;
const hung: RequestListener = () => undefined;
const drip: RequestListener = async (_request, response) => {
  while (!response.destroyed) {
    response.write(' ');
    await delay(10);
  }
};

spec('http_action: time', (test) => {
  test('without a time-out of its step, a request has the total of the settings, and the message names it', async () => {
    for (const listener of [hung, drip]) {
      await withHttpServer(listener, (baseUrl) =>
        withAction({ limits: { totalMs: 200 } }, async ({ call }) => {
          const error = await rejectsWith('HTTP_FAILED', () => call({ config, base_url: baseUrl }));
          assert.match(error.message, 'within 200 ms, the limit `settings.http-action.timeout_seconds`');
          assert.ok(error.recoverable);
        }),
      );
    }
  });

  test("a step's time-out takes the place of the total", async () => {
    const slow: RequestListener = async (_request, response) => {
      await delay(400);
      response.write('[1');
      await delay(400);
      response.end(']');
    };
    await withHttpServer(slow, (baseUrl) =>
      withAction({ limits: { totalMs: 100 } }, async ({ call }) => {
        assert.equal((await call({ config, base_url: baseUrl, timeout_seconds: 60 })).response, [1]);
      }),
    );
  });

  test('the wait for the first byte is not idleness, a pause after it is', async () => {
    const late: RequestListener = async (_request, response) => {
      await delay(1_800);
      response.end('1');
    };
    const paused: RequestListener = (_request, response) => void response.writeHead(200).write('{');
    await withHttpServer(late, (baseUrl) =>
      withAction({ limits: { idleMs: 100 } }, async ({ call }) => {
        assert.is((await call({ config, base_url: baseUrl })).response, 1);
      }),
    );
    await withHttpServer(paused, (baseUrl) =>
      withAction({ limits: { idleMs: 100 } }, async ({ call }) => {
        const error = await rejectsWith('HTTP_FAILED', () => call({ config, base_url: baseUrl, timeout_seconds: 60 }));
        assert.match(error.message, 'paused for 100 ms, the limit `settings.http-action.idle_seconds`');
      }),
    );
  });

  test('interim answers without end are given up after the total time', async () => {
    await withRawServer(
      async (socket) => {
        while (!socket.destroyed) {
          socket.write('HTTP/1.1 103 Early Hints\r\n\r\n');
          await delay(5);
        }
      },
      (baseUrl) =>
        withAction({ limits: { totalMs: 200 } }, async ({ call }) => {
          await rejectsWith('HTTP_FAILED', () => call({ config, base_url: baseUrl }));
        }),
    );
  });

  test('a resolver that hangs is given up after the time for connecting, which the message names', async () => {
    const resolve = () => new Promise<never>(() => undefined);
    await withAction({ resolve, limits: { connectMs: 100 } }, async ({ call }) => {
      const error = await rejectsWith('HTTP_FAILED', () =>
        call({ config, base_url: 'http://slow.test', timeout_seconds: 60 }),
      );
      assert.match(error.message, 'within 100 ms, the limit `settings.http-action.connect_seconds`');
    });
    await withAction({ resolve, limits: { totalMs: 150, connectMs: 60_000 } }, async ({ call }) => {
      await rejectsWith('HTTP_FAILED', () => call({ config, base_url: 'http://slow.test' }));
    });
  });
});
