import type { RunAccepted } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { rawExchange, withConnection } from './support/raw-exchange.js';
import { echo, waiting } from './support/segments.js';
import { type GatewayWorld, type WorldOptions, withGateway, withSegments } from './support/with-gateway.js';

interface Scene extends GatewayWorld {
  readonly key: string;
}

async function withScene(use: (scene: Scene) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  await withGateway(async (world) => {
    await withSegments(await world.client(), echo);
    const { key } = await world.keys.create({ tenant_id: 'acme', role: 'admin', name: 'raw', expires_at: null });
    await use({ ...world, key });
    assert.is((await world.stranger.get('/health')).status, 200);
  }, options);
}

const lines = (...all: readonly string[]): string => `${all.join('\r\n')}\r\n\r\n`;
const host = 'Host: 127.0.0.1';
const close = 'Connection: close';
const chunkedBody = '2\r\n{}\r\n0\r\n\r\n';

/** Raw requests and the status that rejects them. None may reach a route. */
const abuses: Readonly<Record<string, readonly [status: number, text: (key: string) => string]>> = {
  'a Host twice': [400, () => lines('GET /health HTTP/1.1', host, 'Host: other', close)],
  'no Host': [400, () => lines('GET /health HTTP/1.1', close)],
  'an absolute form': [400, () => lines('GET http://gateway/health HTTP/1.1', host, close)],
  'a path that begins with two slashes': [400, () => lines('GET //evil.test/health HTTP/1.1', host, close)],
  'an asterisk': [400, () => lines('OPTIONS * HTTP/1.1', host, close)],
  'a malformed escape in the path': [400, () => lines('GET /api/v1/runs/%E0%A4%A HTTP/1.1', host, close)],
  'bytes beyond ASCII in the path': [400, () => lines('GET /api/v1/runs/\u00e9 HTTP/1.1', host, close)],
  'Content-Length and Transfer-Encoding': [
    400,
    (key) => post(key, 'Content-Length: 2', 'Transfer-Encoding: chunked') + chunkedBody,
  ],
  'two Content-Lengths': [400, (key) => `${post(key, 'Content-Length: 2', 'Content-Length: 3')}{}`],
  'a Content-Length that is no number': [400, (key) => `${post(key, 'Content-Length: 2x')}{}`],
  'a transfer coding that is unknown': [400, (key) => `${post(key, 'Transfer-Encoding: gzip, chunked')}${chunkedBody}`],
  'a Transfer-Encoding twice': [
    400,
    (key) => post(key, 'Transfer-Encoding: chunked', 'Transfer-Encoding: chunked') + chunkedBody,
  ],
  'a chunk size that is none': [400, (key) => `${post(key, 'Transfer-Encoding: chunked')}zz\r\n{}\r\n0\r\n\r\n`],
  'a folded header': [400, () => lines('GET /health HTTP/1.1', host, 'X-Long: a', ' b', close)],
  'a space before the colon': [400, () => lines('GET /health HTTP/1.1', host, 'X-Odd : a', close)],
  'a NUL in a header': [400, () => lines('GET /health HTTP/1.1', host, 'X-Odd: a\0b', close)],
  'a bare line feed in a header': [400, () => lines('GET /health HTTP/1.1', host, 'X-Odd: a\nX-Two: b\r', close)],
  'more than 100 headers': [431, () => lines('GET /health HTTP/1.1', host, close, ...manyHeaders(120))],
  'headers of more than 16 KiB': [
    431,
    () => lines('GET /health HTTP/1.1', host, `X-Long: ${'x'.repeat(20_000)}`, close),
  ],
  'a request line of more than 16 KiB': [431, () => lines(`GET /health?${'x'.repeat(20_000)} HTTP/1.1`, host, close)],
  'an unknown version': [400, () => lines('GET /health HTTP/9.9', host, close)],
  'an unknown method': [400, () => lines('NONSENSE /health HTTP/1.1', host, close)],
  'a TLS hello': [400, () => '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
  'a request for a tunnel': [400, () => lines('CONNECT evil.test:443 HTTP/1.1', host, close)],
  'an upgrade to something else': [426, (key) => upgrade('/api/v1/runs/x/ws', key, 'h2c')],
  'an upgrade to something else that has a body': [
    400,
    (key) => `${post(key, 'Content-Length: 2', 'Upgrade: h2c').replace(close, 'Connection: Upgrade')}{}`,
  ],
  'an Expect that is not 100-continue': [417, () => lines('GET /health HTTP/1.1', host, 'Expect: the-unexpected')],
  'a refused transfer coding on a connection to keep': [
    400,
    (key) => `${post(key, 'Transfer-Encoding: gzip, chunked').replace(close, 'Connection: keep-alive')}${chunkedBody}`,
  ],
  'dots in the path of an upgrade': [404, (key) => upgrade('/x/../api/v1/runs/x/ws', key, 'websocket')],
  'an upgrade somewhere else': [404, (key) => upgrade('/api/v1/runs', key, 'websocket')],
};

function post(key: string, ...headers: readonly string[]): string {
  return lines(
    'POST /api/v1/segments/echo/runs HTTP/1.1',
    host,
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    close,
    ...headers,
  );
}

function upgrade(path: string, key: string, protocol: string): string {
  return lines(
    `GET ${path} HTTP/1.1`,
    host,
    `Authorization: Bearer ${key}`,
    'Connection: Upgrade',
    `Upgrade: ${protocol}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  );
}

function manyHeaders(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `X-${at}: ${at}`);
}

spec('a raw request', (test) => {
  for (const [what, [status, text]] of Object.entries(abuses)) {
    test(`with ${what} is rejected with a problem document, and the connection is closed`, async () => {
      await withScene(async ({ port, key, backend }) => {
        const answer = await rawExchange(port, Buffer.from(text(key), 'latin1'));
        assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
        assert.match(answer, /application\/problem\+json/);
        assert.match(answer, /^x-request-id: \S+\r$/im);
        assert.is(answer.match(/^HTTP\/1\.1 /gm)?.length, 1, answer);
        assert.is((await backend.index.runs({ tenant_id: 'acme' })).rows.length, 0);
      });
    });
  }

  test('that offers another protocol is handled as if it did not', async () => {
    await withScene(async ({ port, key }) => {
      const answer = await rawExchange(port, upgrade('/api/v1/runs', key, 'h2c'));
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.match(answer, /"runs":\[\]/);
    });
  });

  test('in several chunks is accepted if it arrives in time', async () => {
    await withScene(async ({ port, key }) => {
      const text = `${post(key, 'Transfer-Encoding: chunked')}${chunkedBody}`;
      const answer = await rawExchange(port, ...[...text].map((letter) => letter));
      assert.match(answer, /^HTTP\/1\.1 202 /);
    });
  });

  test('that is too large is rejected without being read to the end', async () => {
    await withScene(async ({ port, key }) => {
      const said = await rawExchange(port, post(key, 'Content-Length: 1000000000'));
      assert.match(said, /^HTTP\/1\.1 413 /);
      const chunk = `100000\r\n${'x'.repeat(0x100000)}\r\n`;
      const chunked = await rawExchange(port, post(key, 'Transfer-Encoding: chunked'), `1\r\n"\r\n${chunk}${chunk}`);
      assert.match(chunked, /^HTTP\/1\.1 413 /);
    });
  });

  test('without a key is rejected before its body arrives', async () => {
    await withScene(async ({ port }) => {
      const answer = await rawExchange(port, post('none', 'Content-Length: 500'));
      assert.match(answer, /^HTTP\/1\.1 401 /);
    });
  });

  test('that asks whether to go on is told so only if its head is accepted', async () => {
    await withScene(async ({ port, key }) => {
      const expecting = (given: string) => post(given, 'Content-Length: 2', 'Expect: 100-continue');
      const refused = await rawExchange(port, expecting('none'));
      assert.match(refused, /^HTTP\/1\.1 401 /);
      const accepted = await rawExchange(port, `${expecting(key)}{}`);
      assert.match(accepted, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 202 /);
    });
  });

  test('that is no HTTP after one whose answer is a stream closes the connection without a word', async () => {
    await withScene(async ({ port, key, client }) => {
      const own = await withSegments(await client(), waiting);
      const { run_id } = (await own.post<RunAccepted>('/api/v1/segments/waiting/runs')).json;
      const follow = lines(
        `GET /api/v1/runs/${run_id}/events HTTP/1.1`,
        host,
        `Authorization: Bearer ${key}`,
        'Accept: text/event-stream',
      );
      const said = await withConnection(port, async (socket) => {
        socket.write(follow);
        socket.once('data', () => socket.write('nonsense\r\n\r\n'));
      });
      assert.match(said, /^HTTP\/1\.1 200 /);
      assert.is(said.match(/^HTTP\/1\.1 /gm)?.length, 1, said);
    });
  });

  test('byte by byte is closed after its timeout and blocks nothing else', async () => {
    await withScene(
      async ({ port, key, stranger }) => {
        const slowHead = withConnection(port, async (socket) => drip(socket, 'GET /health HTTP/1.1\r\nX-Slow: '));
        const slowBody = withConnection(port, async (socket) => {
          socket.write(post(key, 'Content-Length: 100'));
          drip(socket, '{');
        });
        assert.is((await stranger.get('/health')).status, 200);
        assert.match(await slowHead, /^HTTP\/1\.1 408 /);
        assert.match(await slowBody, /^HTTP\/1\.1 408 /);
      },
      { limits: { head_ms: 300, request_ms: 600 } },
    );
  });

  test('that breaks off does no harm and starts nothing', async () => {
    await withScene(async ({ port, key, backend }) => {
      await withConnection(port, async (socket) => {
        socket.write(`${post(key, 'Content-Length: 100')}{"input_data":`);
        socket.end();
      });
      assert.is((await backend.index.runs({ tenant_id: 'acme' })).rows.length, 0);
    });
  });
});

/** Sends one character every 50 ms until the connection is closed. */
function drip(socket: import('node:net').Socket, first: string): void {
  socket.write(first);
  const timer = setInterval(() => socket.write('x'), 50);
  socket.once('close', () => clearInterval(timer));
}
