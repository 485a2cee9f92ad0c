// takes: 10
/** What every provider makes of a service that fails. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { inspect } from 'node:util';
import type { JsonObject, LlmteamError } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../../../support/spec.js';
import { rejectsWith } from '../../support/rejection.js';
import { protocols } from './protocols.js';
import { answering, apiKey, event, type Protocol, type Respond, type WireAnswer, withService } from './wire-service.js';

const onToken = () => undefined;
const hello: WireAnswer = { text: ['Hel', 'lo'], end: 'stop' };

/** The error of one call, which asks once. */
async function fails(
  code: string,
  protocol: Protocol,
  isStream: boolean,
  respond: Respond,
  config: JsonObject = {},
): Promise<LlmteamError> {
  const errors: LlmteamError[] = [];
  await withService(
    protocol,
    respond,
    async (ask, calls) => {
      errors.push(await rejectsWith(code, () => ask(isStream ? { onToken } : {})));
      assert.is(calls.length, 1, 'asked more than once');
    },
    config,
  );
  return errors[0] as LlmteamError;
}

function begin(response: ServerResponse, isStream: boolean): void {
  response.setHeader('content-type', isStream ? 'text/event-stream' : 'application/json');
}

/** Up to the first token. */
function firstEvents(protocol: Protocol): string {
  const events = protocol.events(hello);
  return events.slice(0, events.findIndex((text) => text.includes('"Hel"')) + 1).join('');
}

const statuses = [
  ...[302, 400, 401, 403, 404, 422].map((status) => [status, 'LLM_REFUSED'] as const),
  ...[408, 409, 425, 429, 500, 503, 529].map((status) => [status, 'LLM_FAILED'] as const),
];

const waits = [
  [{ 'retry-after': '12' }, 12],
  [{ 'retry-after': '1000000000' }, 3_600],
  [{ 'retry-after': '-5' }, undefined],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after': '' }, undefined],
  [{ 'retry-after': 'Sat, 01 Jan 2000 00:00:00 GMT' }, 0],
  [{ 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, 3_600],
  [{ 'retry-after': 'Sat, 99 Foo 2000' }, undefined],
  [{ 'retry-after-ms': '1500', 'retry-after': '9' }, 2],
] as const;

for (const protocol of protocols) {
  for (const isStream of [true, false]) {
    spec(`${protocol.name}: failures${isStream ? ', streamed' : ', at once'}`, (test) => {
      test('a status is an error with a code, a reason and no second request', async () => {
        for (const [status, code] of statuses) {
          const error = await fails(code, protocol, isStream, (response) => {
            response.writeHead(status, { 'content-type': 'application/json', location: '/elsewhere' });
            response.end(JSON.stringify(protocol.error('no luck')));
          });
          assert.equal(error.details, { status });
          assert.is(error.recoverable, code === 'LLM_FAILED');
          assert.match(error.message, `(status ${status}): no luck`);
        }
      });

      test('Retry-After goes along, within an hour', async () => {
        for (const [headers, seconds] of waits) {
          const error = await fails('LLM_FAILED', protocol, isStream, (response) => {
            response.writeHead(429, headers).end(JSON.stringify(protocol.error('slow down')));
          });
          const wanted = { status: 429, ...(seconds !== undefined && { retry_after_seconds: seconds }) };
          assert.equal(error.details, wanted, JSON.stringify(headers));
        }
      });

      test('an error page that is no JSON is not quoted', async () => {
        const error = await fails('LLM_FAILED', protocol, isStream, (response) => {
          response.writeHead(502).end('<html>internal-host-17</html>');
        });
        assert.not.match(inspect(error, { depth: 20, showHidden: true }), 'internal-host-17');
      });

      test('an answer that cannot be read', async () => {
        const texts = ['', ' ', '{', '<html>', '{}', '[]', 'null', '{"choices": [', '{"candidates": [', '\u0000'];
        for (const text of texts) {
          const error = await fails('LLM_FAILED', protocol, isStream, (response) => {
            begin(response, isStream);
            response.end(isStream ? event(text) : text);
          });
          assert.ok(error.recoverable, text);
        }
      });

      test('an answer of no bytes', async () => {
        await fails('LLM_FAILED', protocol, isStream, (response) => {
          begin(response, isStream);
          response.end();
        });
      });

      test('an answer without end is given up at its size', async () => {
        const error = await fails('LLM_FAILED', protocol, isStream, (response) => {
          begin(response, isStream);
          const piece = isStream ? `: ${'x'.repeat(1024 * 1024)}\n\n` : ' '.repeat(1024 * 1024);
          const fill = () => {
            while (!response.destroyed && response.write(piece));
          };
          response.on('drain', fill);
          fill();
        });
        assert.match(error.message, 'larger than');
        assert.not(error.recoverable);
      });

      test('a service that never answers is left after the time-out, and its connection closed', async () => {
        const closed: Promise<unknown>[] = [];
        const error = await fails(
          'LLM_FAILED',
          protocol,
          isStream,
          (response) => void closed.push(once(response, 'close')),
          {
            timeout_seconds: 0.3,
          },
        );
        assert.match(error.message, 'no complete answer within 0.3 s (timeout_seconds)');
        assert.ok(error.recoverable);
        await Promise.all(closed);
        assert.is(closed.length, 1);
      });

      test('a filtered answer is refused, and was paid for', async () => {
        const filtered = answering(protocol, { text: ['x'], end: 'content_filter' });
        const error = await fails('LLM_REFUSED', protocol, isStream, filtered);
        assert.match(error.message, 'filtered');
        assert.match(JSON.stringify(error.details?.usage), '"output_tokens":7');
        assert.not(error.recoverable);
      });

      test('neither key nor prompt is in an error, though the service quotes them', async () => {
        for (const status of [401, 500]) {
          const code = status === 401 ? 'LLM_REFUSED' : 'LLM_FAILED';
          const error = await fails(code, protocol, isStream, (response, { headers }) => {
            response.statusCode = status;
            response.end(JSON.stringify(protocol.error(`bad key ${headers[protocol.keyHeader]}`)));
          });
          const shown = inspect(error, { depth: 20, showHidden: true });
          assert.not.match(shown, apiKey);
          assert.match(error.message, '[redacted]');
          assert.not.match(shown, '"hello"');
        }
      });

      test('a call that is aborted ends with the reason, and its connection is closed', async () => {
        const abort = new AbortController();
        const closed: Promise<unknown>[] = [];
        const respond: Respond = (response) => {
          closed.push(once(response, 'close'));
          begin(response, isStream);
          if (isStream) response.write(firstEvents(protocol));
          setImmediate(() => abort.abort());
        };
        await withService(protocol, respond, async (ask) => {
          await rejectsWith('CANCELLED', () => ask({ signal: abort.signal, ...(isStream && { onToken }) }));
          await Promise.all(closed);
          assert.is(closed.length, 1);
        });
      });
    });
  }

  spec(`${protocol.name}: streams that stop`, (test) => {
    test('no first token within its time', async () => {
      const error = await fails('LLM_FAILED', protocol, true, (response) => void response.flushHeaders(), {
        first_token_seconds: 0.3,
        token_gap_seconds: 60,
      });
      assert.match(error.message, 'no first token within 0.3 s (first_token_seconds)');
      assert.ok(error.recoverable);
    });

    test('what keeps the connection alive is no token', async () => {
      const pings: Respond = (response) => {
        begin(response, true);
        const timer = setInterval(() => response.write(': ping\n\n'), 10);
        response.on('close', () => clearInterval(timer));
      };
      const error = await fails('LLM_FAILED', protocol, true, pings, { first_token_seconds: 0.3 });
      assert.match(error.message, 'first_token_seconds');
    });

    test('no further token within its time', async () => {
      const half: Respond = (response) => {
        begin(response, true);
        response.write(firstEvents(protocol));
      };
      const error = await fails('LLM_FAILED', protocol, true, half, { token_gap_seconds: 0.1 });
      assert.match(error.message, 'no further token within 0.1 s (token_gap_seconds)');
    });

    test('limits that are not passed change nothing', async () => {
      const limits = { timeout_seconds: 60, first_token_seconds: 60, token_gap_seconds: 60 };
      await withService(
        protocol,
        answering(protocol, hello),
        async (ask) => assert.is((await ask({ onToken })).text, 'Hello'),
        limits,
      );
    });

    test('JSON that is wrong in the middle of a stream', async () => {
      const events = protocol.events(hello);
      const place = events.findIndex((text) => text.includes('"Hel"')) + 1;
      for (const wrong of ['{"choices":', 'no json', '[1,2', '17']) {
        const bytes = [...events.slice(0, place), event(wrong), ...events.slice(place)].join('');
        const error = await fails('LLM_FAILED', protocol, true, (response) => {
          begin(response, true);
          response.end(bytes);
        });
        assert.ok(error.recoverable);
      }
    });
  });
}
