import type { RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Json, JsonObject } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { withHttpServer } from '../support/with-server.js';
import { type Call, withAction } from './with-action.js';

async function detailsOf(
  listener: RequestListener,
  client: Call['client'] = {},
  limits: { errorBodyBytes?: number; errorBodyMs?: number } = {},
  secrets: readonly string[] = [],
): Promise<JsonObject> {
  const found: JsonObject[] = [];
  await withHttpServer(listener, (baseUrl) =>
    withAction({ limits }, async ({ call }) => {
      const error = await rejectsWith('HTTP_CLIENT_ERROR', () =>
        call({ config: { client_ref: 'local' }, base_url: baseUrl, client, secrets }),
      );
      found.push(error.details ?? {});
    }),
  );
  return found[0] as JsonObject;
}

const answer =
  (content: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(422, headers).end(content);

async function bodyOf(content: string | Buffer, headers: Record<string, string> = {}): Promise<Json | undefined> {
  return (await detailsOf(answer(content, headers))).body;
}

spec('http_action: the answer with an unexpected status', (test) => {
  test('status, headers and body are in the details of the error', async () => {
    const details = await detailsOf(
      answer('{"problem":"no title"}', { 'X-Request-Id': 'r1', 'content-type': 'application/problem+json' }),
    );
    const { 'x-request-id': id, 'content-type': type } = details.headers as JsonObject;
    assert.equal([details.status, id, type], [422, 'r1', 'application/problem+json']);
    assert.equal([details.body, details.body_truncated], [{ problem: 'no title' }, undefined]);
  });

  test('text is a string, in its charset and without its coding', async () => {
    assert.is(await bodyOf('<h1>no</h1>', { 'content-type': 'text/html' }), '<h1>no</h1>');
    assert.is(await bodyOf(Buffer.from([0x63, 0xe9]), { 'content-type': 'text/plain; charset=latin1' }), 'cé');
    assert.is(await bodyOf(brotliCompressSync(gzipSync('no')), { 'content-encoding': 'gzip, br' }), 'no');
    assert.is(await bodyOf('{"half":'), '{"half":');
    assert.is(await bodyOf('404'), '404');
    assert.is(await bodyOf(''), null);
  });

  test('bytes that are no text are told by size and type', async () => {
    const png = Buffer.from([0x89, 0x50, 0, 0xff]);
    assert.equal(await bodyOf(png, { 'content-type': 'image/png' }), { content_type: 'image/png', bytes: 4 });
    const notBrotli = { 'content-encoding': 'br', 'content-type': 'text/plain' };
    assert.equal(await bodyOf(png, notBrotli), { content_type: 'text/plain', bytes: 4 });
  });

  test('a number beyond 2^53 is a string with its digits', async () => {
    assert.equal(await bodyOf('{"id":9007199254740993,"n":1}'), { id: '9007199254740993', n: 1 });
  });

  test('a long body is cut at the limit, also a compressed one, and a character is not split', async () => {
    const limits = { errorBodyBytes: 8 };
    const cut = { body: '1234567', body_truncated: true };
    const { body, body_truncated } = await detailsOf(answer('1234567é9'), {}, limits);
    assert.equal({ body, body_truncated }, cut);
    const zipped = gzipSync('x'.repeat(1_000_000));
    const bomb = await detailsOf(answer(zipped, { 'content-encoding': 'gzip' }), {}, { errorBodyBytes: 5_000 });
    assert.equal([bomb.body, bomb.body_truncated], ['x'.repeat(5_000), true]);
    const start = await detailsOf(answer(zipped, { 'content-encoding': 'gzip' }), {}, { errorBodyBytes: 100 });
    assert.match(String(start.body), /^x{100}$/);
  });

  test('a body that does not end in time, or breaks off, does not hide the status', async () => {
    const started = performance.now();
    const endless: RequestListener = (_request, response) => void response.writeHead(422).write('so far');
    const late = await detailsOf(endless, {}, { errorBodyMs: 200 });
    assert.equal([late.body, late.body_truncated], ['so far', true]);
    assert.ok(performance.now() - started < 3_000);
    const broken: RequestListener = async (_request, response) => {
      response.writeHead(422).write('so far');
      await delay(50);
      response.destroy();
    };
    assert.equal([(await detailsOf(broken)).body], ['so far']);
  });

  test('cookies of the service are left out', async () => {
    const { headers } = await detailsOf(answer('', { 'set-cookie': 'session=1' }));
    assert.is((headers as JsonObject)['set-cookie'], undefined);
  });
});

spec('http_action: a secret that the cut of an answer splits', (test) => {
  test('leaves nothing of its beginning, in whatever spelling', async () => {
    const secret = 'k-123456/ä';
    for (const spelling of [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]) {
      const bytes = Buffer.byteLength(`key ${spelling}`) - 5;
      const { body } = await detailsOf(answer(`key ${spelling} is wrong`), {}, { errorBodyBytes: bytes }, [secret]);
      assert.is(body, 'key ');
    }
  });
});
