import type { IncomingHttpHeaders } from 'node:http';
import { createHttpAction, type HttpActionConfig } from '@llmteam/http-action';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { fitsSchema } from '../support/metadata-laws.js';
import { rejectsWith } from '../support/rejection.js';
import { withHttpServer } from '../support/with-server.js';
import { type Call, withAction } from './with-action.js';

interface Sent {
  readonly headers: IncomingHttpHeaders;
  readonly bytes: Buffer;
}

async function sent(config: HttpActionConfig, client: Call['client'] = {}): Promise<Sent> {
  const seen: Sent[] = [];
  await withHttpServer(
    async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      seen.push({ headers: request.headers, bytes: Buffer.concat(chunks) });
      response.end('{}');
    },
    (baseUrl) =>
      withAction({}, async ({ call }) => {
        await call({ config: { client_ref: 'local', ...config }, input: 'unused', base_url: baseUrl, client });
      }),
  );
  return seen[0] as Sent;
}

async function received(config: HttpActionConfig): Promise<FormData> {
  const { headers, bytes } = await sent(config);
  assert.is(headers['content-length'], String(bytes.length));
  return new Response(new Uint8Array(bytes), { headers: { 'content-type': headers['content-type'] ?? '' } }).formData();
}

async function asText(config: HttpActionConfig): Promise<readonly (string | undefined)[]> {
  const { headers, bytes } = await sent(config);
  return [bytes.toString('utf8'), headers['content-type']];
}

spec('http_action: kinds of body', (test) => {
  test('a form is encoded; a list repeats its key, null leaves it out', async () => {
    const form = { a: 'b c&d=é', n: 1.5, yes: true, none: null, tag: ['x', null, 'y'] };
    const text = 'a=b+c%26d%3D%C3%A9&n=1.5&yes=true&tag=x&tag=y';
    assert.equal(await asText({ form }), [text, 'application/x-www-form-urlencoded']);
  });

  test('multipart holds fields and files in order, byte for byte', async () => {
    const bytes = Buffer.from([0, 13, 10, 255, 45, 45]);
    const data = await received({
      multipart: [
        { name: 'title', value: 'Zürich' },
        { name: 'copies', value: 2 },
        { name: 'file', base64: bytes.toString('base64'), filename: 'a "b".png', content_type: 'image/png' },
        { name: 'note', value: 'text', filename: 'note.md', content_type: 'text/markdown' },
        { name: 'file', base64: '' },
      ],
    });
    const files = data.getAll('file') as File[];
    assert.equal([...data.keys()], ['title', 'copies', 'file', 'note', 'file']);
    assert.equal([data.get('title'), data.get('copies')], ['Zürich', '2']);
    const [file, empty] = files;
    assert.equal([file?.name, file?.type], ['a "b".png', 'image/png']);
    assert.equal(Buffer.from((await file?.arrayBuffer()) ?? new ArrayBuffer()), bytes);
    assert.equal([empty?.name, empty?.type, empty?.size], ['file', 'application/octet-stream', 0]);
    const note = data.get('note') as File;
    assert.equal([note.name, note.type, await note.text()], ['note.md', 'text/markdown', 'text']);
  });

  test('the type of a multipart body cannot be replaced, since it has the boundary', async () => {
    const multipart = [{ name: 'a', value: '1' }];
    const headers = { 'Content-Type': 'application/json' };
    await rejectsWith('STEP_CONFIG_INVALID', () => sent({ multipart, headers }));
    assert.match(
      String((await sent({ multipart }, { headers })).headers['content-type']),
      'multipart/form-data; boundary=',
    );
  });

  test('text is sent as it is, also if it looks like JSON', async () => {
    assert.equal(await asText({ text: '' }), ['', 'text/plain; charset=utf-8']);
    const headers = { 'content-type': 'text/csv' };
    assert.equal(await asText({ text: 'a;"é"', headers }), ['a;"é"', 'text/csv']);
  });

  test('binary is decoded from base64', async () => {
    const bytes = Buffer.from([0, 255, 128, 10]);
    const { headers, bytes: got } = await sent({ binary: bytes.toString('base64') });
    assert.equal([got, headers['content-type']], [bytes, 'application/octet-stream']);
    await rejectsWith('STEP_CONFIG_INVALID', () => sent({ binary: 'AAAAA' }));
    await rejectsWith('STEP_CONFIG_INVALID', () => sent({ multipart: [{ name: 'f', base64: 'AAAAA' }] }));
  });

  test('the schema takes at most one kind, and a part with exactly one content', () => {
    const { stepType } = createHttpAction();
    const fits = (config: object) => fitsSchema(stepType, { client_ref: 'crm', ...config });
    const kinds = { body: null, form: {}, multipart: [{ name: 'a', value: '' }], text: '', binary: 'AA==' };
    const keys = Object.keys(kinds) as (keyof typeof kinds)[];
    for (const one of keys) {
      assert.ok(fits({ [one]: kinds[one] }), one);
      for (const other of keys) assert.is(fits({ [one]: kinds[one], [other]: kinds[other] }), one === other, other);
    }
    for (const part of [{ name: 'a' }, { name: 'a', value: '', base64: '' }, { value: '' }]) {
      assert.not(fits({ multipart: [part] }));
    }
    assert.not(fits({ binary: 'no base64!' }));
    assert.not(fits({ multipart: [{ name: 'a', value: '', content_type: 'nonsense' }] }));
  });
});
