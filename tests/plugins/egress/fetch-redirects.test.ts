import { type FetchOptions, LlmteamError } from '@llmteam/contracts';
import type { FetchNetwork } from '@llmteam/egress';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { bodyOf, withHttpServer } from '../support/with-server.js';
import { type Allowed, type Attempt, withFetch } from './with-fetch.js';

const open: FetchNetwork = { resolve: async () => ['127.0.0.1'], reachOf: () => 'public' };

interface Seen {
  readonly host: string;
  readonly method: string;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

type Answer = (seen: Seen, port: string) => { readonly status: number; readonly location?: string };

/** A server behind every name; `use` gets the URL of `/start` at `a.test`. */
async function withNames(
  answer: Answer,
  allowed: Allowed,
  use: (attempt: Attempt, url: string, seen: readonly Seen[]) => Promise<void>,
): Promise<void> {
  const seen: Seen[] = [];
  await withHttpServer(
    async (request, response) => {
      const { host = '', ...headers } = request.headers;
      const [name = '', port = ''] = host.split(':');
      const one = { host: name, method: request.method ?? '', headers, body: await bodyOf(request) };
      seen.push(one);
      const { status, location } = answer(one, port);
      response.writeHead(status, location === undefined ? {} : { location }).end('done');
    },
    (origin) =>
      withFetch(open, allowed, (attempt) => use(attempt, `http://a.test:${new URL(origin).port}/start`, seen)),
  );
}

const elsewhere =
  (status: number): Answer =>
  ({ host }, port) =>
    host === 'a.test' ? { status, location: `http://b.test:${port}/next` } : { status: 200 };

const secrets = { Authorization: 'Bearer x', Cookie: 'c=1', 'X-Api-Key': 'k', 'Idempotency-Key': 'i' };

spec('guarded fetch: redirects', (test) => {
  test('every hop is checked, and one to a host that is not declared is not made', async () => {
    const checkHost = (host: string) => {
      if (host.startsWith('b.test')) throw new LlmteamError('PERMISSION_DENIED', `not ${host}`);
      return { mayBePrivate: false };
    };
    await withNames(elsewhere(302), { checkHost }, async ({ fetch, asked }, url, seen) => {
      const error = await rejectsWith('PERMISSION_DENIED', () => fetch(url));
      const { port } = new URL(url);
      assert.is(error.message, `not b.test:${port}`);
      assert.equal(asked, [`a.test:${port}`, `b.test:${port}`]);
      assert.equal(
        seen.map(({ host }) => host),
        ['a.test'],
      );
    });
  });

  test('a hop into a private network is blocked', async () => {
    const reachOf = (address: string) => (address === '127.0.0.1' ? 'public' : 'private') as 'public' | 'private';
    await withHttpServer(
      (_request, response) => void response.writeHead(302, { location: 'http://inner.test/' }).end(),
      (origin) =>
        withFetch({ reachOf, resolve: async () => ['10.0.0.1'] }, {}, async ({ fetch }) => {
          await rejectsWith('EGRESS_BLOCKED', () => fetch(origin));
        }),
    );
  });

  test('another origin gets the body but nothing that may be a credential', async () => {
    await withNames(elsewhere(307), {}, async ({ fetch }, url, seen) => {
      const response = await fetch(url, {
        method: 'POST',
        body: '{"a":1}',
        headers: { ...secrets, 'content-type': 'application/json' },
      });
      assert.equal([response.status, response.redirected], [200, true]);
      assert.match(response.url, /^http:\/\/b\.test:\d+\/next$/);
      assert.is(seen[0]?.headers.authorization, 'Bearer x');
      assert.equal(
        [seen[1]?.method, seen[1]?.body, seen[1]?.headers['content-type']],
        ['POST', '{"a":1}', 'application/json'],
      );
      for (const name of Object.keys(secrets)) assert.is(seen[1]?.headers[name.toLowerCase()], undefined, name);
    });
  });

  test('the same origin gets all of it again', async () => {
    const hops = { left: 1 };
    const answer: Answer = () => (hops.left-- > 0 ? { status: 308, location: '/next' } : { status: 200 });
    await withNames(answer, {}, async ({ fetch }, url, seen) => {
      await fetch(url, { method: 'POST', body: 'text', headers: secrets });
      assert.equal([seen[1]?.body, seen[1]?.headers['idempotency-key'], seen[1]?.headers.cookie], ['text', 'i', 'c=1']);
    });
  });

  test('POST becomes GET without its body by 303', async () => {
    await withNames(elsewhere(303), {}, async ({ fetch }, url, seen) => {
      await fetch(url, { method: 'POST', body: 'text' });
      assert.equal([seen[1]?.method, seen[1]?.body, seen[1]?.headers['content-type']], ['GET', '', undefined]);
    });
  });

  test('five redirects are followed, the sixth is not', async () => {
    const hops = { left: 5 };
    const answer: Answer = () => (hops.left-- > 0 ? { status: 302, location: '/next' } : { status: 200 });
    await withNames(answer, {}, async ({ fetch }, url, seen) => {
      assert.equal([(await fetch(url)).status, seen.length], [200, 6]);
      hops.left = 6;
      const error = await rejectsWith('HTTP_FAILED', () => fetch(url));
      assert.match(error.message, 'more than 5 times');
      assert.equal([error.recoverable, error.details], [false, { sent: true }]);
    });
  });

  test('redirect: manual gives the redirect itself, redirect: error refuses it', async () => {
    await withNames(elsewhere(302), {}, async ({ fetch }, url, seen) => {
      const response = await fetch(url, { redirect: 'manual' });
      assert.equal([response.status, response.redirected, response.url], [302, false, url]);
      assert.match(response.headers.get('location') ?? '', 'b.test');
      await rejectsWith('HTTP_FAILED', () => fetch(url, { redirect: 'error' }));
      assert.is(seen.length, 2);
    });
  });

  for (const location of ['file:///etc/passwd', 'http://user:pw@b.test/']) {
    test(`a redirect to ${location} is blocked`, async () => {
      await withNames(
        () => ({ status: 302, location }),
        {},
        async ({ fetch }, url) => {
          await rejectsWith('EGRESS_BLOCKED', () => fetch(url));
        },
      );
    });
  }
});

/** The paths that a client is asked for, or the code of the refusal. */
async function pathsBelow(base: string, inputs: readonly (string | ((origin: string) => string | URL | Request))[]) {
  const results: string[] = [];
  await withHttpServer(
    (request, response) => void response.end(request.url),
    (origin) =>
      withFetch({}, { clients: { api: { base_url: `${origin}${base}` } } }, async ({ fetch, asked }) => {
        for (const input of inputs) {
          const response = fetch(typeof input === 'string' ? input : input(origin), { client: 'api' });
          results.push(await response.then((answer) => answer.text()).catch(({ code }: LlmteamError) => code));
        }
        assert.equal(asked, []);
      }),
  );
  return results;
}

const refused = (count: number) => Array.from({ length: count }, () => 'EGRESS_BLOCKED');

spec('guarded fetch: clients', (test) => {
  test('a path is joined to the base URL, with its query and without its fragment', async () => {
    assert.equal(await pathsBelow('/v1/', ['users', '/users', '', 'users?a=1&b=%2F#x', 'models:list', '?a=1']), [
      ...['/v1/users', '/v1/users', '/v1/', '/v1/users?a=1&b=%2F', '/v1/models:list', '/v1/?a=1'],
    ]);
    assert.equal(await pathsBelow('/v1?key=1', ['users', 'users?a=2']), ['/v1/users?key=1', '/v1/users?key=1&a=2']);
  });

  test('no path leaves the base URL', async () => {
    const escapes = [
      '../admin',
      'a/../../admin',
      '%2e%2e/admin',
      '..%2fadmin',
      '%252e%252e/admin',
      '//evil.test/',
      '..\\x',
      '\\\\x',
    ];
    assert.equal(await pathsBelow('/v1', escapes), refused(escapes.length));
    assert.equal(await pathsBelow('/v1', ['http://evil.test/v1/', 'a\tb', 'file:///etc/passwd']), refused(3));
  });

  test('a whole URL is for the client if it lies below the base URL', async () => {
    const below = [
      (origin: string) => `${origin}/v1/users?a=1`,
      (origin: string) => new URL(`${origin}/v1`),
      (origin: string) => new Request(`${origin}/v1/users`),
    ];
    assert.equal(await pathsBelow('/v1', below), ['/v1/users?a=1', '/v1', '/v1/users']);
    const beside = [
      (origin: string) => `${origin}/v10/users`,
      (origin: string) => `${origin}/v1/../admin`,
      (origin: string) => `${origin}/v1/%2e%2e%2fadmin`,
      (origin: string) => origin.replace('127.0.0.1', 'localhost'),
    ];
    assert.equal(await pathsBelow('/v1', beside), refused(beside.length));
  });

  test('headers of the client win over those of the handler', async () => {
    await withHttpServer(
      (request, response) => void response.end(JSON.stringify(request.headers)),
      (baseUrl) =>
        withFetch(
          {},
          { clients: { api: { base_url: baseUrl, headers: { Authorization: 'Bearer client' } } } },
          async ({ fetch }) => {
            const headers = { authorization: 'Bearer own', 'x-own': '1' };
            const seen = (await (await fetch('/', { client: 'api', headers })).json()) as Record<string, string>;
            assert.equal([seen.authorization, seen['x-own'], seen['user-agent']], ['Bearer client', '1', 'llmteam']);
          },
        ),
    );
  });

  for (const headers of [{ Host: 'inner' }, { 'content-length': '5' }, { 'transfer-encoding': 'chunked' }]) {
    const [name = ''] = Object.keys(headers);
    test(`the header ${name} is refused before anything is sent`, async () => {
      const options: FetchOptions = { method: 'POST', body: 'hello', headers };
      await withNames(
        () => ({ status: 200 }),
        {},
        async ({ fetch }, url, seen) => {
          const error = await rejectsWith('EGRESS_BLOCKED', () => fetch(url, options));
          assert.match(error.message, 'is set by fetch itself');
          assert.is(seen.length, 0);
        },
      );
    });
  }

  test('a header that is not valid is a TypeError whose message does not repeat it', async () => {
    await withNames(
      () => ({ status: 200 }),
      {},
      async ({ fetch }, url, seen) => {
        const thrown = await fetch(url, { headers: { 'x-key': 's3cret\nmore: 1' } }).catch((error: unknown) => error);
        assert.instance(thrown, TypeError);
        assert.not.match((thrown as Error).message, 's3cret');
        assert.is(seen.length, 0);
      },
    );
  });

  test('a client stays at its origin and needs its own right to private networks', async () => {
    await withHttpServer(
      (_request, response) => void response.writeHead(307, { location: 'http://localhost/' }).end(),
      (baseUrl) =>
        withFetch(
          {},
          { clients: { api: { base_url: baseUrl }, outer: { base_url: baseUrl, allow_private_network: false } } },
          async ({ fetch }) => {
            const error = await rejectsWith('EGRESS_BLOCKED', () => fetch('/', { client: 'api' }));
            assert.match(error.message, 'not the origin of this client');
            const inner = await rejectsWith('EGRESS_BLOCKED', () => fetch('/', { client: 'outer' }));
            assert.match(inner.message, 'private network');
            await rejectsWith('UNKNOWN_REF', () => fetch('/', { client: 'none' }));
          },
        ),
    );
  });
});
