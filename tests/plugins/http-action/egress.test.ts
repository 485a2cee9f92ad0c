import type { Json } from '@llmteam/contracts';
import type { HttpActionConfig, HttpActionOptions } from '@llmteam/http-action';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { bodyOf, withCounter, withHttpServer } from '../support/with-server.js';
import { withAction } from './with-action.js';

const portOf = (origin: string) => new URL(origin).port;

async function blockedBy(options: HttpActionOptions, url: (port: string) => string): Promise<void> {
  await withCounter((port, requests) =>
    withAction(options, async ({ call }) => {
      await rejectsWith('EGRESS_BLOCKED', () => call({ config: { url: url(port), method: 'GET' } }));
      assert.is(requests(), 0);
    }),
  );
}

spec('http_action: where requests may go', (test) => {
  for (const host of [
    ...[
      '127.0.0.1',
      'localhost',

      'LOCALHOST',
      '2130706433',
      '0x7f.1',
      '0x7f000001',
      '017700000001',
      '127.1',
    ],
    ...[
      '0',
      '0.0.0.0',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '[::ffff:7f00:1]',
      '[0:0:0:0:0:0:0:1]',
      '[64:ff9b::7f00:1]',
      '[2002:7f00:1::]',
    ],
    ...['[::]', '10.0.0.1', '169.254.169.254', '100.64.0.1', '192.168.0.1', '[fd00::1]', '１２７.0.0.1'],
  ]) {
    test(`a url to ${host} is blocked before anything is sent`, async () => {
      await blockedBy({}, (port) => `http://${host}:${port}/`);
    });
  }

  test('a client without the right to private networks is blocked too', async () => {
    await withCounter((port, requests) =>
      withAction({}, async ({ call }) => {
        const baseUrl = `http://127.0.0.1:${port}`;
        const config = { client_ref: 'local' };
        await rejectsWith('EGRESS_BLOCKED', () =>
          call({ config, base_url: baseUrl, client: { allow_private_network: false } }),
        );
        assert.is(requests(), 0);
        assert.equal(await call({ config, base_url: baseUrl }), { response: { reached: true }, status: 200 });
      }),
    );
  });

  test('a connection made with that right is not lent to a request without it', async () => {
    await withCounter((port, requests) =>
      withAction({}, async ({ call }) => {
        await call({ config: { client_ref: 'local' }, base_url: `http://127.0.0.1:${port}` });
        await rejectsWith('EGRESS_BLOCKED', () => call({ config: { url: `http://127.0.0.1:${port}/` } }));
        assert.is(requests(), 1);
      }),
    );
  });

  test('not even a client with that right reaches a metadata service', async () => {
    await withAction({}, async ({ call }) => {
      const baseUrl = 'http://169.254.169.254';
      await rejectsWith('EGRESS_BLOCKED', () => call({ config: { client_ref: 'local' }, base_url: baseUrl }));
    });
  });

  test('a name is blocked if any one of its addresses is', async () => {
    await blockedBy({ resolve: async () => ['8.8.8.8', '127.0.0.1'] }, (port) => `http://mixed.test:${port}/`);
    await blockedBy({ resolve: async () => ['2606:4700::1', '::1'] }, (port) => `http://mixed.test:${port}/`);
  });

  test('a name is resolved once and the connection goes to that answer', async () => {
    const answers = [['127.0.0.1'], ['8.8.8.8'], ['8.8.8.8']];
    const asked: string[] = [];
    const resolve = async (hostname: string) => {
      asked.push(hostname);
      return answers.shift() ?? [];
    };
    await withCounter((port) =>
      withAction({ resolve }, async ({ call }) => {
        const config = { client_ref: 'local' };
        assert.is((await call({ config, base_url: `http://service.test:${port}` })).status, 200);
        assert.equal(asked, ['service.test']);
      }),
    );
  });

  test('the address that was reached in the end is checked as well', async () => {
    const answers = ['public', 'never'] as const;
    const asked: string[] = [];
    const reachOf = (address: string) => answers[asked.push(address) - 1] ?? 'never';
    await blockedBy({ resolve: async () => ['127.0.0.1'], reachOf }, (port) => `http://service.test:${port}/`);
    assert.equal(asked, ['127.0.0.1', '127.0.0.1']);
  });

  test('a name without addresses, or that cannot be resolved, may be tried again', async () => {
    const missing = async () => Promise.reject(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }));
    for (const resolve of [async () => [], missing]) {
      await withAction({ resolve }, async ({ call }) => {
        const error = await rejectsWith('HTTP_FAILED', () => call({ config: { url: 'http://gone.test/' } }));
        assert.ok(error.recoverable);
      });
    }
  });

  test('a host that nobody listens on may be tried again', async () => {
    const closed = { port: '' };
    await withCounter(async (port) => {
      closed.port = port;
    });
    await withAction({}, async ({ call }) => {
      const baseUrl = `http://127.0.0.1:${closed.port}`;
      const error = await rejectsWith('HTTP_FAILED', () =>
        call({ config: { client_ref: 'local' }, base_url: baseUrl }),
      );
      assert.match(error.message, 'ECONNREFUSED');
    });
  });
});

/** Treats loopback as public and resolves `.test` names to it, which makes redirects between hosts testable. */
const open: HttpActionOptions = { resolve: async () => ['127.0.0.1'], reachOf: () => 'public' };

interface Seen {
  readonly host: string;
  readonly method: string;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

async function follow(
  listener: (seen: Seen, port: string) => { status: number; location?: string },
  config: Omit<HttpActionConfig, 'url'>,
): Promise<{ seen: Seen[]; status: Json | undefined }> {
  const seen: Seen[] = [];
  const outcome: { status?: Json | undefined } = {};
  await withHttpServer(
    async (request, response) => {
      const { host = '', ...headers } = request.headers;
      const one = {
        host: host.split(':')[0] ?? '',
        method: request.method ?? '',
        headers,
        body: await bodyOf(request),
      };
      seen.push(one);
      const { status, location } = listener(one, host.split(':')[1] ?? '');
      response.writeHead(status, location === undefined ? {} : { location }).end('null');
    },
    (origin) =>
      withAction(open, async ({ call }) => {
        const ports = await call({ config: { url: `http://a.test:${portOf(origin)}/start`, ...config } });
        outcome.status = ports.status;
      }),
  );
  return { seen, status: outcome.status };
}

spec('http_action: redirects', (test) => {
  const elsewhere = (status: number) => (seen: Seen, port: string) =>
    seen.host === 'a.test' ? { status, location: `http://b.test:${port}/next` } : { status: 200 };
  const sameHost = (status: number) => {
    const hops = { count: 0 };
    return () => (hops.count++ === 0 ? { status, location: '/next' } : { status: 200 });
  };
  const secrets = { Authorization: 'Bearer x', Cookie: 'c=1', 'X-Api-Key': 'k', 'Accept-Language': 'de' };

  test('another host gets no credentials, no idempotency key and no body', async () => {
    const { seen, status } = await follow(elsewhere(307), { headers: secrets, body: { secret: 1 } });
    assert.is(status, 200);
    assert.equal(
      seen.map(({ host, method }) => `${method} ${host}`),
      ['POST a.test', 'POST b.test'],
    );
    assert.is(seen[0]?.headers['x-api-key'], 'k');
    assert.is(seen[1]?.body, '');
    const told = Object.keys(seen[1]?.headers ?? {}).sort();
    assert.equal(told, ['accept', 'accept-encoding', 'accept-language', 'connection', 'content-length', 'user-agent']);
  });

  test('another host gets no body of any kind, the same host gets it again', async () => {
    const kinds: readonly Omit<HttpActionConfig, 'url'>[] = [
      { form: { a: 1 } },
      { multipart: [{ name: 'a', base64: 'AAEC' }] },
      { text: 'secret' },
      { binary: 'AAEC' },
    ];
    for (const kind of kinds) {
      const [first, second] = (await follow(elsewhere(307), kind)).seen;
      assert.ok(first?.body);
      assert.equal([second?.body, second?.headers['content-type']], ['', undefined]);
      const [sent, again] = (await follow(sameHost(308), kind)).seen;
      assert.equal([again?.body, again?.headers['content-type']], [sent?.body, sent?.headers['content-type']]);
    }
  });

  test('the same host gets them again', async () => {
    const { seen } = await follow(sameHost(307), { headers: secrets, body: { secret: 1 } });
    assert.is(seen[1]?.headers.authorization, 'Bearer x');
    assert.is(seen[1]?.headers['x-api-key'], 'k');
    assert.is(seen[1]?.headers['idempotency-key'], 'run-1/step');
    assert.is(seen[1]?.body, '{"secret":1}');
  });

  for (const [status, method, then] of [
    [301, 'POST', 'GET'],
    [302, 'POST', 'GET'],
    [303, 'POST', 'GET'],
    [303, 'PUT', 'GET'],
    [301, 'PUT', 'PUT'],
    [307, 'POST', 'POST'],
    [308, 'POST', 'POST'],
    [303, 'HEAD', 'HEAD'],
    [302, 'GET', 'GET'],
  ] as const) {
    test(`${method} becomes ${then} by ${status}`, async () => {
      const { seen } = await follow(sameHost(status), { method });
      assert.is(seen[1]?.method, then);
      assert.is(seen[1]?.headers['content-type'], then === 'GET' || then === 'HEAD' ? undefined : 'application/json');
    });
  }

  test('three redirects are followed', async () => {
    const hops = { left: 3 };
    const { seen, status } = await follow(
      () => (hops.left-- > 0 ? { status: 302, location: '/x' } : { status: 200 }),
      {},
    );
    assert.equal([seen.length, status], [4, 200]);
  });

  test('a loop ends at the fourth', async () => {
    const error = await rejectsWith('HTTP_RESPONSE_INVALID', () =>
      follow(() => ({ status: 302, location: '/start' }), {}),
    );
    assert.not(error.recoverable);
    assert.match(error.message, 'more than 3 times');
  });

  test('a redirect without a location, and one that is expected, is not followed', async () => {
    const error = await rejectsWith('HTTP_STATUS', () => follow(() => ({ status: 302 }), {}));
    assert.is(error.details?.status, 302);
    const { seen, status } = await follow(() => ({ status: 302, location: '/next' }), { expect_status: [302] });
    assert.equal([seen.length, status], [1, 302]);
  });

  for (const location of ['file:///etc/passwd', 'gopher://x/', 'http://user:pw@a.test/', 'ftp://a.test/']) {
    test(`a redirect to ${location} is blocked`, async () => {
      await rejectsWith('EGRESS_BLOCKED', () => follow(() => ({ status: 302, location }), {}));
    });
  }

  test('a redirect to a blocked address is blocked', async () => {
    const reachOf = (address: string) => (address === '127.0.0.1' ? 'public' : 'private') as 'public' | 'private';
    for (const host of ['[::1]', '10.0.0.1', 'inner.test']) {
      await withHttpServer(
        (_request, response) => void response.writeHead(302, { location: `http://${host}/` }).end(),
        (origin) =>
          withAction({ reachOf, resolve: async () => ['10.0.0.1'] }, async ({ call }) => {
            const error = await rejectsWith('EGRESS_BLOCKED', () => call({ config: { url: origin } }));
            assert.match(error.message, 'private network');
          }),
      );
    }
  });

  test('a client is not led to another host, scheme or port', async () => {
    for (const location of ['http://localhost/', 'http://127.0.0.1:1/', 'https://127.0.0.1/', '//8.8.8.8/']) {
      await withHttpServer(
        (_request, response) => void response.writeHead(307, { location }).end(),
        (baseUrl) =>
          withAction({}, async ({ call }) => {
            const client = { headers: { authorization: 'Bearer x' } };
            const error = await rejectsWith('EGRESS_BLOCKED', () =>
              call({ config: { client_ref: 'local' }, base_url: baseUrl, client }),
            );
            assert.match(error.message, 'not the origin of this client');
          }),
      );
    }
  });
});
