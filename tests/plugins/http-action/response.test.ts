import type { RequestListener } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import type { FiredPorts, JsonObject } from '@llmteam/contracts';
import type { HttpActionConfig, HttpActionOptions } from '@llmteam/http-action';
import * as assert from 'uvu/assert';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { withHttpServer, withRawServer } from '../support/with-server.js';
import { withAction } from './with-action.js';

interface Setting {
  readonly config?: HttpActionConfig;
  readonly options?: HttpActionOptions;
}

async function portsOf(listener: RequestListener, { config = {}, options = {} }: Setting = {}): Promise<FiredPorts> {
  const answers: FiredPorts[] = [];
  await withHttpServer(listener, (baseUrl) =>
    withAction(options, async ({ call }) => {
      answers.push(await call({ config: { client_ref: 'local', ...config }, base_url: baseUrl }));
    }),
  );
  return answers[0] as FiredPorts;
}

async function rawPortsOf(bytes: string, { config = {}, options = {} }: Setting = {}): Promise<FiredPorts> {
  const answers: FiredPorts[] = [];
  await withRawServer(
    (socket) => void socket.end(bytes, 'latin1'),
    (baseUrl) =>
      withAction(options, async ({ call }) => {
        answers.push(await call({ config: { client_ref: 'local', ...config }, base_url: baseUrl }));
      }),
  );
  return answers[0] as FiredPorts;
}

const body =
  (content: string | Buffer, headers: Record<string, string> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(200, headers).end(content);

async function invalid(listener: RequestListener, problem: RegExp | string, setting?: Setting): Promise<void> {
  const error = await rejectsWith('HTTP_RESPONSE_INVALID', () => portsOf(listener, setting));
  assert.match(error.message, problem);
  assert.not(error.recoverable);
}

const text: Setting = { config: { response: 'text' } };

spec('http_action: what a response becomes', (test) => {
  test('JSON is parsed, whatever the content type says', async () => {
    assert.equal(await portsOf(body('{"a":[1,null]}', { 'content-type': 'text/html' })), {
      response: { a: [1, null] },
      status: 200,
    });
  });

  test('a byte order mark is no part of the JSON', async () => {
    assert.equal((await portsOf(body('\u{feff}1'))).response, 1);
  });

  test('text is given as it is, in the charset it names', async () => {
    assert.is((await portsOf(body('not {json'), text)).response, 'not {json');
    const latin1 = body(Buffer.from([0x63, 0xe9]), { 'content-type': 'text/plain; charset=ISO-8859-1' });
    assert.is((await portsOf(latin1, text)).response, 'cé');
  });

  test('JSON too is read in the charset it names', async () => {
    const latin1 = body(Buffer.from('{"name":"José"}', 'latin1'), {
      'content-type': 'application/json; charset=latin1',
    });
    assert.equal((await portsOf(latin1)).response, { name: 'José' });
  });

  test('a byte order mark names the charset more surely than the header', async () => {
    const utf16 = Buffer.from('\u{feff}{"a":"é"}', 'utf16le');
    assert.equal((await portsOf(body(utf16, { 'content-type': 'application/json; charset=utf-8' }))).response, {
      a: 'é',
    });
    assert.is((await portsOf(body(utf16.swap16()), text)).response, '{"a":"é"}');
  });

  test('a charset that nobody knows is an error that names it', async () => {
    for (const setting of [text, {}]) {
      await invalid(body('1', { 'content-type': 'text/plain; charset=klingon' }), 'charset "klingon"', setting);
    }
  });

  test('bytes that are no text in their charset are refused, not replaced; `charset` and base64 are ways out', async () => {
    const bytes = body(Buffer.from([0x63, 0xe9]), { 'content-type': 'text/plain' });
    await invalid(bytes, 'is not UTF-8; set `charset`', text);
    assert.is((await portsOf(bytes, { config: { response: 'text', charset: 'windows-1252' } })).response, 'cé');
    assert.is((await portsOf(bytes, { config: { response: 'base64' } })).response, 'Y+k=');
  });

  test('a charset of the config that nobody knows is refused before anything is sent', async () => {
    const seen: unknown[] = [];
    const config: HttpActionConfig = { charset: 'klingon' };
    await rejectsWith('STEP_CONFIG_INVALID', () => portsOf((request) => void seen.push(request), { config }));
    assert.equal(seen, []);
  });

  test('base64 is for bytes of any kind, decompressed like text', async () => {
    const bytes = Buffer.from([0, 255, 10, 13, 128]);
    const zipped = body(gzipSync(bytes), { 'content-encoding': 'gzip', 'content-type': 'image/png' });
    assert.is((await portsOf(zipped, { config: { response: 'base64' } })).response, bytes.toString('base64'));
    assert.is((await portsOf(body(''), { config: { response: 'base64' } })).response, '');
  });

  test('the headers are fired if they are asked for', async () => {
    const headers = { etag: '"1"', link: ['<a>', '<b>'], constructor: 'x' };
    const listener: RequestListener = (_request, response) => void response.writeHead(201, headers).end('{}');
    const ports = await portsOf(listener, { config: { response_headers: true } });
    const shown = ports.headers as JsonObject;
    assert.equal([ports.response, ports.status, shown.etag, shown.link], [{}, 201, '"1"', ['<a>', '<b>']]);
    assert.equal(Object.keys(await portsOf(listener)), ['response', 'status']);
  });

  test('codings are undone in reverse order', async () => {
    const twice = brotliCompressSync(gzipSync('{"a":1}'));
    for (const codings of [['gzip, br'], ['gzip,identity , BR'], ['gzip', 'br']]) {
      const listener: RequestListener = (_request, response) =>
        void response.setHeader('content-encoding', codings).end(twice);
      assert.equal((await portsOf(listener)).response, { a: 1 });
    }
    await invalid(body(twice, { 'content-encoding': 'br, gzip' }), 'is not gzip');
    await invalid(body('{}', { 'content-encoding': 'gzip, '.repeat(6) }), 'has 6 content encodings; at most 5');
  });

  test('no body is null, or an empty text', async () => {
    for (const status of [200, 202, 204, 205]) {
      const empty: RequestListener = (_request, response) => void response.writeHead(status).end();
      assert.equal(await portsOf(empty), { response: null, status });
      assert.equal(await portsOf(empty, text), { response: '', status });
    }
  });

  test('a 204 that brings a body all the same is null', async () => {
    for (const head of ['content-length: 2', 'transfer-encoding: chunked']) {
      const ports = await rawPortsOf(`HTTP/1.1 204 No Content\r\n${head}\r\n\r\n{}`);
      assert.equal(ports, { response: null, status: 204 });
    }
  });

  test('the answer to HEAD has no body, however long it says it would be', async () => {
    const config: HttpActionConfig = { method: 'HEAD' };
    const head: RequestListener = (_request, response) =>
      void response.writeHead(200, { 'content-length': '99999999' }).end();
    assert.equal(await portsOf(head, { config }), { response: null, status: 200 });
  });

  for (const [coding, compress] of [
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['GZIP', gzipSync],
    ['identity', Buffer.from],
  ] as const) {
    test(`the coding ${coding} by ${compress.name} is undone`, async () => {
      const compressed = (compress as (content: string) => Buffer)('{"a":1}');
      assert.equal((await portsOf(body(compressed, { 'content-encoding': coding }))).response, { a: 1 });
    });
  }
});

spec('http_action: responses that are refused', (test) => {
  test('what is not JSON is not quoted', async () => {
    const listener = body('<html>secret</html>');
    const error = await rejectsWith('HTTP_RESPONSE_INVALID', () => portsOf(listener));
    assert.match(error.message, 'not JSON');
    assert.not.match(error.message, /secret|html/);
  });

  test('bytes that are not UTF-8 are no JSON', async () => {
    await invalid(body(Buffer.from([0x22, 0xff, 0x22])), 'UTF-8');
  });

  test('64 levels are taken, 65 are not', async () => {
    const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
    await portsOf(body(nested(64)));
    await invalid(body(nested(65)), 'deeper than 64');
    await invalid(body(nested(1_000_000)), 'deeper than 64');
    assert.is((await portsOf(body(JSON.stringify('['.repeat(100))))).response, '['.repeat(100));
  });

  for (const key of ['__proto__', '\\u005f_proto__']) {
    test(`the key ${key} is refused`, async () => {
      await invalid(body(`{"a":[{"${key}":{"polluted":true}}]}`), 'holds the key');
    });
  }

  test('constructor and prototype are keys like any other', async () => {
    const text = '{"constructor":{"prototype":1},"prototype":2}';
    assert.is(JSON.stringify((await portsOf(body(text))).response), text);
  });

  test('a number beyond what JSON can give back, and too many values', async () => {
    await invalid(body('[1e999]'), 'number');
    await invalid(body('{"id": 9007199254740993}'), '9007199254740993');
    await invalid(body(`[${'1,'.repeat(200_000)}1]`), 'more than 200000 values');
  });

  test('more bytes than the cap, declared or not', async () => {
    const options = { limits: { responseBytes: 1_000 } };
    await portsOf(body(JSON.stringify('x'.repeat(998))), { options });
    const large = JSON.stringify('x'.repeat(999));
    await invalid(
      body(large, { 'content-length': '1001' }),
      'larger than 1000 bytes, the limit `settings.http-action.response_bytes`',
      {
        options,
      },
    );
    const chunked: RequestListener = (_request, response) => {
      response.write(large.slice(0, 500));
      response.end(large.slice(500));
    };
    await invalid(chunked, 'larger than 1000 bytes', { options });
  });

  test('a response that never ends is cut at the cap', async () => {
    const endless: RequestListener = (_request, response) => {
      const fill = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', fill);
      fill();
    };
    await invalid(endless, 'larger than 4194304 bytes');
  });

  for (const [coding, compress] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const) {
    test(`a ${coding} bomb stops at the cap of decompressed bytes`, async () => {
      const bomb = compress(Buffer.alloc(20 * 1024 * 1024));
      assert.ok(bomb.length < 100_000);
      const problem =
        'larger than 16777216 bytes when decompressed, the limit `settings.http-action.decompressed_bytes`';
      await invalid(body(bomb, { 'content-encoding': coding }), problem);
      await invalid(body(gzipSync(bomb), { 'content-encoding': `${coding}, gzip` }), problem);
    });
  }

  test('a body that is not in the coding it names, cut short, or in an unknown one', async () => {
    await invalid(body('{}', { 'content-encoding': 'gzip' }), 'is not gzip');
    await invalid(body(gzipSync('{"a":1}').subarray(0, 20), { 'content-encoding': 'gzip' }), 'is not gzip');
    for (const coding of ['zstd', 'gzip, zstd', 'raw', 'rawdeflate', 'constructor']) {
      const named = coding.split(', ').at(-1);
      await invalid(body('{}', { 'content-encoding': coding }), `content encoding "${named}"`);
    }
  });

  test('headers that are too large', async () => {
    await invalid(
      body('{}', { 'x-large': 'x'.repeat(20_000) }),
      '16384 bytes, the limit `settings.http-action.header_bytes`',
    );
  });
});

spec('http_action: servers that break the rules', (test) => {
  const failing = async (bytes: string) => {
    const error = await rejectsWith('HTTP_FAILED', () => rawPortsOf(bytes, { config: { method: 'GET' } }));
    assert.ok(error.recoverable);
    return error;
  };

  test('a content length larger than the body', async () => {
    await failing('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}');
  });

  test('a content length smaller than the body ends it there', async () => {
    const ports = await rawPortsOf('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\n\r\n');
    assert.equal(ports.response, {});
  });

  test('a chunked body without its end', async () => {
    await failing('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n');
  });

  test('both a content length and chunks', async () => {
    await failing('HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n');
  });

  for (const [what, bytes] of [
    ['nothing at all', ''],
    ['half a head', 'HTTP/1.1 200 OK\r\nx: '],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01'],
    ['an upgrade nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
  ] as const) {
    test(`an answer of ${what}`, async () => {
      await failing(bytes);
    });
  }

  test('interim answers before the real one are passed over', async () => {
    const early = 'HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n'.repeat(50);
    const ports = await rawPortsOf(`${early}HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n7`);
    assert.equal(ports, { response: 7, status: 200 });
  });
});
