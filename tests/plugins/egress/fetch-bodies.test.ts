// own process: measures its memory
import { getEventListeners } from 'node:events';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { LlmteamError } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { until } from '../../gateway/support/until.js';
import { spec } from '../../support/spec.js';
import { rejectsWith } from '../support/rejection.js';
import { bodyOf, withHttpServer, withRawServer } from '../support/with-server.js';
import { type Attempt, withFetch } from './with-fetch.js';

const local = { private: true };
const mebibyte = 1024 * 1024;
const timeout = () => new LlmteamError('STEP_TIMEOUT', 'too late');

/** A server that writes `start` and goes on for ever; `open` counts its connections. */
async function withEndless(use: (attempt: Attempt, origin: string, open: () => number) => Promise<void>) {
  const sockets = new Set<unknown>();
  await withHttpServer(
    (request, response) => {
      sockets.add(request.socket);
      request.socket.once('close', () => sockets.delete(request.socket));
      response.on('error', () => undefined).write('start');
    },
    (origin) => withFetch({}, local, (attempt) => use(attempt, origin, () => sockets.size)),
  );
}

spec('guarded fetch: bodies of requests', (test) => {
  test('anything that Request accepts is sent, with its content type', async () => {
    const form = new FormData();
    form.append('field', 'value');
    const stream = new Blob(['stream']).stream();
    const bodies: [NonNullable<RequestInit['body']>, RegExp, RegExp][] = [
      ['text', /^text\/plain/, /^text$/],
      [new URLSearchParams({ a: '1' }), /^application\/x-www-form-urlencoded/, /^a=1$/],
      [new Blob(['blob'], { type: 'image/png' }), /^image\/png$/, /^blob$/],
      [new Uint8Array([65, 66]), /^undefined$/, /^AB$/],
      [form, /^multipart\/form-data; boundary=/, /name="field"\r\n\r\nvalue/],
      [stream, /^undefined$/, /^stream$/],
    ];
    await withHttpServer(
      async (request, response) => {
        const { 'content-type': type, 'transfer-encoding': coding } = request.headers;
        response.end(JSON.stringify({ type: String(type), coding, body: await bodyOf(request) }));
      },
      (origin) =>
        withFetch({}, local, async ({ fetch }) => {
          for (const [body, type, text] of bodies) {
            const init = { method: 'POST', body, duplex: 'half' } as const;
            const seen = (await (await fetch(new Request(origin, init))).json()) as Record<string, string>;
            assert.match(seen.type ?? '', type);
            assert.match(seen.body ?? '', text);
            assert.is(seen.coding, undefined);
          }
        }),
    );
  });

  test('a body of 16 MiB is sent, a larger one is not, even if it never ends', async () => {
    const received: number[] = [];
    await withHttpServer(
      async (request, response) => {
        received.push((await bodyOf(request)).length);
        response.end();
      },
      (origin) =>
        withFetch({}, local, async ({ fetch }) => {
          await fetch(origin, { method: 'POST', body: 'x'.repeat(16 * mebibyte) });
          const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(mebibyte)) });
          for (const body of ['x'.repeat(16 * mebibyte + 1), endless]) {
            const error = await rejectsWith('LIMIT_EXCEEDED', () =>
              fetch(origin, { method: 'POST', body, duplex: 'half' }),
            );
            assert.match(error.message, `POST ${origin}/ is larger than ${16 * mebibyte} bytes`);
          }
          assert.equal(received, [16 * mebibyte]);
        }),
    );
  });

  test('a body that stalls ends with the attempt', async () => {
    await withFetch({}, local, async ({ fetch, end }) => {
      const stalled = new ReadableStream({ pull: () => new Promise(() => undefined) });
      const request = fetch('http://127.0.0.1:1/', { method: 'POST', body: stalled, duplex: 'half' });
      end(timeout());
      await rejectsWith('STEP_TIMEOUT', () => request);
    });
  });
});

spec('guarded fetch: responses', (test) => {
  test('the response is a standard one, decompressed, with every cookie', async () => {
    await withHttpServer(
      (_request, response) => {
        const headers = {
          'content-encoding': 'gzip',
          'content-type': 'application/json',
          'set-cookie': ['a=1', 'b=2'],
        };
        response.writeHead(201, 'Made', headers).end(gzipSync('{"a":"é"}'));
      },
      (origin) =>
        withFetch({}, local, async ({ fetch }) => {
          const response = await fetch(`${origin}/x?y=1#z`);
          assert.instance(response, Response);
          assert.equal([response.status, response.statusText, response.url], [201, 'Made', `${origin}/x?y=1`]);
          assert.equal(response.headers.getSetCookie(), ['a=1', 'b=2']);
          assert.equal(await response.json(), { a: 'é' });
        }),
    );
  });

  test('HEAD and a status without a body have none', async () => {
    await withHttpServer(
      (request, response) => void response.writeHead(request.method === 'HEAD' ? 200 : 204).end(),
      (origin) =>
        withFetch({}, local, async ({ fetch }) => {
          assert.is((await fetch(origin)).body, null);
          assert.is(await (await fetch(origin, { method: 'HEAD' })).text(), '');
        }),
    );
  });

  test('a reader with its own buffer reads to the end', async () => {
    await withHttpServer(
      (_request, response) => void response.end('hello'),
      (origin) =>
        withFetch({}, local, async ({ fetch }) => {
          const reader = (await fetch(origin)).body?.getReader({ mode: 'byob' });
          const first = await reader?.read(new Uint8Array(64));
          assert.is(Buffer.from(first?.value ?? []).toString(), 'hello');
          assert.is((await reader?.read(new Uint8Array(64)))?.done, true);
        }),
    );
  });

  test('the end of the attempt ends a body that is being read, with its reason', async () => {
    await withEndless(async ({ fetch, end }, origin, open) => {
      const response = await fetch(origin);
      const text = response.text();
      end(timeout());
      await rejectsWith('STEP_TIMEOUT', () => text);
      await rejectsWith('STEP_TIMEOUT', () => fetch(origin));
      await until(() => open() === 0);
    });
  });

  test("the handler's own signal ends request and body with its own reason", async () => {
    await withEndless(async ({ fetch }, origin, open) => {
      const own = new AbortController();
      const response = await fetch(origin, { signal: own.signal });
      const reading = response.text().catch((error: unknown) => error);
      const reason = new Error('enough');
      own.abort(reason);
      assert.is(await reading, reason);
      assert.is(await fetch(new Request(origin, { signal: own.signal })).catch((error: unknown) => error), reason);
      await until(() => open() === 0);
    });
  });

  test('a body that breaks off is HTTP_FAILED', async () => {
    await withHttpServer(
      (_request, response) => {
        response.writeHead(200, { 'content-length': 100 }).write('start');
        setTimeout(() => response.destroy(), 20);
      },
      (origin) =>
        withFetch({}, local, async ({ fetch }) => {
          const response = await fetch(origin);
          const error = await rejectsWith('HTTP_FAILED', () => response.text());
          assert.equal(error.details, { sent: true });
        }),
    );
  });

  test(
    'a thousand bodies that nobody reads are let go with the attempt',
    async () => {
      await withEndless(async ({ fetch, end }, origin, open) => {
        const warnings: Error[] = [];
        const warn = (warning: Error) => void warnings.push(warning);
        process.on('warning', warn);
        for (let group = 0; group < 20; group += 1) await Promise.all(Array.from({ length: 50 }, () => fetch(origin)));
        assert.is(open(), 1_000);
        end(new LlmteamError('CANCELLED', 'the attempt is over'));
        await until(() => open() === 0);
        process.off('warning', warn);
        assert.equal(warnings, []);
      });
    },
    { timeoutMs: 60_000 },
  );

  test('an attempt keeps nothing of requests that are over, whatever became of them', async () => {
    await withHttpServer(
      (request, response) => void (request.url === '/broken' ? request.socket.destroy() : response.end('text')),
      (origin) =>
        withFetch({}, local, async ({ fetch, signal }) => {
          await (await fetch(origin)).text();
          await (await fetch(origin)).body?.cancel();
          await fetch(origin, { method: 'HEAD' });
          await fetch(`${origin}/broken`).catch(() => undefined);
          await fetch('ftp://a.test').catch(() => undefined);
          assert.is(getEventListeners(signal, 'abort').length, 0);
        }),
    );
  });

  test('a response that no Response can be is HTTP_FAILED, and its connection is closed', async () => {
    const sockets: Socket[] = [];
    await withRawServer(
      (socket) => {
        sockets.push(socket);
        socket.write('HTTP/1.1 999 Go Away\r\ncontent-length: 100\r\n\r\nstart');
      },
      (origin) =>
        withFetch({}, local, async ({ fetch }) => {
          const error = await rejectsWith('HTTP_FAILED', () => fetch(origin));
          assert.match(error.message, 'in the range of 200 to 599');
          await until(() => sockets[0]?.destroyed === true);
        }),
    );
  });

  test('cancelling a body frees its connection at once', async () => {
    await withEndless(async ({ fetch }, origin, open) => {
      const response = await fetch(origin);
      assert.is(open(), 1);
      await response.body?.cancel();
      await until(() => open() === 0);
    });
  });

  test(
    'a gzip bomb is decompressed only as far as it is read',
    async () => {
      const bomb = gzipSync(Buffer.alloc(256 * mebibyte));
      await withHttpServer(
        (_request, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
        (origin) =>
          withFetch({}, local, async ({ fetch }) => {
            const before = process.memoryUsage().rss;
            const reader = (await fetch(origin)).body?.getReader();
            for (let chunk = 0; chunk < 10; chunk += 1) await reader?.read();
            assert.ok(process.memoryUsage().rss - before < 64 * mebibyte);
            await reader?.cancel();
          }),
      );
    },
    { timeoutMs: 60_000 },
  );
});
