import type { IncomingHttpHeaders } from 'node:http';
import type { Json } from '@llmteam/contracts';
import plugin, { createHttpAction, type HttpActionConfig } from '@llmteam/http-action';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fitsSchema, metadataLaws } from '../support/metadata-laws.js';
import { rejectsWith } from '../support/rejection.js';
import { bodyOf, withHttpServer } from '../support/with-server.js';
import { type Call, withAction } from './with-action.js';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** One call as the server sees it. */
async function seenOf(call: Omit<Call, 'base_url'>, basePath = ''): Promise<Seen> {
  const seen: Seen[] = [];
  await withHttpServer(
    async (request, response) => {
      const { method = '', url = '', headers } = request;
      seen.push({ method, url, headers, body: await bodyOf(request) });
      response.end('{}');
    },
    (origin) =>
      withAction({}, async ({ call: run }) => {
        await run({ ...call, base_url: `${origin}${basePath}` });
      }),
  );
  assert.is(seen.length, 1);
  return seen[0] as Seen;
}

async function refused(code: string, config: HttpActionConfig, client: Call['client'] = {}): Promise<string> {
  return (await rejectsWith(code, () => seenOf({ config, client }, '/api/v1'))).message;
}

const local = { client_ref: 'local' };

spec('http_action: metadata', (test) => {
  const { stepType } = createHttpAction();
  metadataLaws(test, 'http-action', stepType);

  test('the plugin brings this one type', () => {
    assert.is(plugin.name, 'http-action');
    assert.equal(
      plugin.stepTypes?.map(({ metadata }) => metadata.type_id),
      ['http_action'],
    );
  });

  test('the schema takes exactly one of client_ref and url', () => {
    assert.ok(fitsSchema(stepType, local));
    assert.ok(fitsSchema(stepType, { url: 'https://example.com', expect_status: ['2xx', 404] }));
    assert.not(fitsSchema(stepType, {}));
    assert.not(fitsSchema(stepType, { ...local, url: 'https://example.com' }));
    assert.not(fitsSchema(stepType, { ...local, method: 'TRACE' }));
    assert.not(fitsSchema(stepType, { ...local, expect_status: '20x' }));
  });
});

spec('http_action: the request', (test) => {
  test('by default it is a POST of the input as JSON, with the idempotency key', async () => {
    const seen = await seenOf({ config: local, input: { a: [1, 'é'] } });
    assert.is(seen.method, 'POST');
    assert.is(seen.body, '{"a":[1,"é"]}');
    assert.is(seen.headers['content-type'], 'application/json');
    assert.is(seen.headers['idempotency-key'], 'run-1/step');
  });

  for (const method of ['GET', 'HEAD', 'DELETE', 'OPTIONS'] as const) {
    test(`${method} has no body unless one is given`, async () => {
      const seen = await seenOf({ config: { ...local, method, response: 'text' }, input: { a: 1 } });
      assert.is(seen.method, method);
      assert.is(seen.body, '');
      assert.is(seen.headers['content-type'], undefined);
    });
  }

  test('DELETE sends the idempotency key, GET does not', async () => {
    assert.is((await seenOf({ config: { ...local, method: 'DELETE' } })).headers['idempotency-key'], 'run-1/step');
    assert.is((await seenOf({ config: { ...local, method: 'GET' } })).headers['idempotency-key'], undefined);
  });

  test('an idempotency key that is given stays', async () => {
    const headers = { 'Idempotency-Key': 'mine' };
    assert.is((await seenOf({ config: { ...local, headers } })).headers['idempotency-key'], 'mine');
  });

  const bodies: readonly [string, Json, string, string | undefined][] = [
    ['a string is sent as it is', 'a=1&b=2', 'a=1&b=2', 'text/plain; charset=utf-8'],
    ['an object is sent as JSON', { a: 1 }, '{"a":1}', 'application/json'],
    ['false is sent as JSON', false, 'false', 'application/json'],
    ['null is no body', null, '', undefined],
  ];
  for (const [law, body, text, mediaType] of bodies) {
    test(`body: ${law}`, async () => {
      const seen = await seenOf({ config: { ...local, body }, input: 'unused' });
      assert.equal([seen.body, seen.headers['content-type']], [text, mediaType]);
    });
  }

  test('a content type that is given stays', async () => {
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
    const seen = await seenOf({ config: { ...local, body: 'a=1', headers } });
    assert.is(seen.headers['content-type'], 'application/x-www-form-urlencoded');
  });

  test("the client's headers are sent and a step cannot replace them", async () => {
    const client = { headers: { Authorization: 'Bearer of-the-operator', 'X-Team': 'a' } };
    const headers = { authorization: 'Bearer of-the-step', 'x-step': 'b' };
    const seen = await seenOf({ config: { ...local, headers }, client });
    assert.is(seen.headers.authorization, 'Bearer of-the-operator');
    assert.equal([seen.headers['x-team'], seen.headers['x-step']], ['a', 'b']);
  });

  test('query values are encoded; a list repeats its key, null leaves it out', async () => {
    const query = { q: 'a b&c=d', n: 1.5, yes: true, none: null, tag: ['x', null, 'y'] };
    const seen = await seenOf({ config: { ...local, path: 'find', query } }, '/api');
    assert.is(seen.url, '/api/find?q=a+b%26c%3Dd&n=1.5&yes=true&tag=x&tag=y');
  });

  for (const [base, path, url] of [
    ['/api/v1', 'users/1', '/api/v1/users/1'],
    ['/api/v1/', '/users/1', '/api/v1/users/1'],
    ['/api/v1', '', '/api/v1'],
    ['', 'a b/ü', '/a%20b/%C3%BC'],
    ['/api', 'x/./y/..z/z..', '/api/x/y/..z/z..'],
    ['/api', 'models/a:generate', '/api/models/a:generate'],
  ] as const) {
    test(`path '${path}' below '${base}' is '${url}'`, async () => {
      assert.is((await seenOf({ config: { ...local, path } }, base)).url, url);
    });
  }
});

spec('http_action: requests that are refused', (test) => {
  for (const path of [
    ...[
      'http://evil.test/',
      'HTTPS://evil.test',
      '//evil.test/x',
      '/\\evil.test',
      '\\\\evil.test',
      '../admin',
      '/../admin',
    ],
    ...[
      'a/../../admin',
      '%2e%2e/admin',
      '.%2E/admin',
      '..%2fadmin',
      'a/%2e%2e%2f%2e%2e/admin',
      '%252e%252e/admin',
      '..%5cadmin',
    ],
    ...['\t/../admin', '.\n./admin', 'a/..'],
  ]) {
    test(`path ${JSON.stringify(path)} is blocked`, async () => {
      await refused('EGRESS_BLOCKED', { ...local, path });
    });
  }

  test('a path with a query or fragment is refused, with a hint', async () => {
    assert.match(await refused('STEP_CONFIG_INVALID', { ...local, path: 'find?q=1' }), '`query`');
    await refused('STEP_CONFIG_INVALID', { ...local, path: 'find#x' });
  });

  for (const url of [
    'https://user:hunter2@example.com/',
    'https://user@example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
  ]) {
    test(`url ${url} is blocked and not quoted`, async () => {
      assert.not.match(await refused('EGRESS_BLOCKED', { url }), /hunter2|passwd/);
    });
  }

  for (const url of [
    'example.com',
    'http://',
    'https://exa mple.com',
    'https://example.com/\r\nX: y',
    'java\tscript:alert(1)',
  ]) {
    test(`url ${JSON.stringify(url)} is no URL`, async () => {
      await refused('STEP_CONFIG_INVALID', { url });
    });
  }

  for (const [name, value] of [
    ['X-A', 'secret\r\nX-Injected: 1'],
    ['X-A', 'secret\nx'],
    ['X-A', 'secret\0'],
    ['X-A', 'secret\u{1F600}'],
    ['X-A\r\nX-B', 'secret'],
    ['X A', 'secret'],
    ['', 'secret'],
    ...['Host', 'content-length', 'Transfer-Encoding', 'Connection', 'Upgrade', 'Expect', 'TE'].map((name) => [
      name,
      'secret',
    ]),
  ] as const) {
    test(`header ${JSON.stringify(name)}: ${JSON.stringify(value)} is refused without its value`, async () => {
      assert.not.match(
        await refused('STEP_CONFIG_INVALID', { ...local, headers: { [name as string]: value as string } }),
        'secret',
      );
      assert.not.match(
        await refused('CONFIG_INVALID', local, { headers: { [name as string]: value as string } }),
        'secret',
      );
    });
  }

  test('an unknown client is UNKNOWN_REF', async () => {
    await refused('UNKNOWN_REF', { client_ref: 'nobody' });
  });

  test('a config with none or both of client_ref and url is refused', async () => {
    await refused('STEP_CONFIG_INVALID', {});
    await refused('STEP_CONFIG_INVALID', { ...local, url: 'https://example.com' });
  });
});
