import type { RequestListener } from 'node:http';
import { type JsonObject, LlmteamError, liveSubject } from '@llmteam/contracts';
import { createHttpAction } from '@llmteam/http-action';
import type { ResourceConfig } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { until } from '../gateway/support/until.js';
import { withHttpServer } from '../plugins/support/with-server.js';
import { type Handler, Partition, withBackend } from '../run-loop/partition.js';
import { spec } from '../support/spec.js';

const token = 'tok-0123456789';
const late = 'late-secret-abc';

const configured: Partial<ResourceConfig> = {
  clients: {
    crm: {
      base_url: 'http://127.0.0.1',
      headers: { Authorization: `Bearer ${token}`, Accept: 'application/json', 'x-late': 'env:LATE' },
      allow_private_network: true,
    },
  },
  reveal: (text) => (text === 'env:LATE' ? late : text),
};

interface Kept {
  /** The history as JSON. */
  readonly history: string;
  readonly shown: JsonObject;
  readonly tokens: readonly string[];
}

async function keptAfter(handler: Handler, resources = configured): Promise<Kept> {
  const kept: Kept[] = [];
  await withBackend(async (shared) => {
    const tokens: string[] = [];
    const partition = new Partition(shared, 'p', handler);
    await partition.takeOver();
    await partition.work(resources);
    const run = { tenant_id: 'acme', run_id: 'r' };
    shared.backend.pubSub.subscribe(liveSubject(run.run_id), (message) => {
      tokens.push((message as { text: string }).text);
    });
    const params = { timeout_seconds: null, max_retries: 0 };
    const steps = [{ step_id: 'work', type: 'work' }];
    await partition.start({ segment_id: 'one', name: 'One', entrypoint: 'work', params, steps }, {}, run.run_id);
    await until(async () => (await partition.view(run)).status !== 'running');
    const shown = (await partition.view(run)) as unknown as JsonObject;
    const entries: unknown[] = [];
    for await (const { fact } of shared.backend.journal.read(run)) entries.push(fact);
    await partition.stop();
    kept.push({ history: JSON.stringify(entries), shown, tokens });
  });
  return kept[0] as Kept;
}

/** Reads the client, as whatever sends requests does. */
function having(handler: Handler): Handler {
  return (context, config, input) => {
    context.client('crm');
    return handler(context, config, input);
  };
}

spec('what a handler gives back', (test) => {
  test('is journaled without the values of configured headers', async () => {
    const echo = having(async () => ({
      output: { headers: { authorization: `Bearer ${token}` }, body: `{"t":"${token}"}` },
    }));
    const { history, shown } = await keptAfter(echo);
    assert.not.ok(history.includes(token), history);
    assert.equal(shown.output, { headers: { authorization: '[redacted]' }, body: '{"t":"[redacted]"}' });
  });

  test('keeps the values of headers that are public by nature', async () => {
    const { shown } = await keptAfter(having(async () => ({ output: { 'content-type': 'application/json' } })));
    assert.equal(shown.output, { 'content-type': 'application/json' });
  });

  test('is journaled without a secret that was read from the environment just now', async () => {
    const { history } = await keptAfter(having(async () => ({ output: `x ${late} y` })));
    assert.not.ok(history.includes(late), history);
  });

  test('an error has no secret in its message, its details or its code', async () => {
    const error = new LlmteamError(`CODE_${token}`, `refused ${token}`, { details: { sent: [`Bearer ${token}`] } });
    const { history } = await keptAfter(having(() => Promise.reject(error)));
    assert.not.ok(history.includes(token), history);
    assert.match(history, 'refused [redacted]');
    const plain = await keptAfter(having(() => Promise.reject(new Error(`plain ${token}`))));
    assert.not.ok(plain.history.includes(token), plain.history);
  });

  test('an activity and a memo have no secret, and the handler gets the memo as later attempts will', async () => {
    const seen: unknown[] = [];
    const handler = having(async (context) => {
      context.record({ event_type: 'data.produced', payload: { sent: `Bearer ${token}` } });
      seen.push(await context.memo('login', async () => ({ session: token })));
      return { output: 1 };
    });
    const { history } = await keptAfter(handler);
    assert.not.ok(history.includes(token), history);
    assert.equal(seen, [{ session: '[redacted]' }]);
  });

  test('streams no secret, even one that arrives in pieces', async () => {
    const pieces = ['the token is ', token.slice(0, 4), token.slice(4, 9), token.slice(9), ', to', 'k'];
    const { tokens } = await keptAfter(
      having(async (context) => {
        for (const piece of pieces) context.emitToken(piece);
        return { output: 1 };
      }),
    );
    assert.is(tokens.join(''), 'the token is [redacted], tok');
  });

  test('that has no secret is journaled exactly as it is', async () => {
    const output = { text: 'nothing to hide', list: [1, 2, { deep: 'tok-' }] };
    const { history } = await keptAfter(having(async () => ({ output })));
    assert.ok(history.includes(JSON.stringify({ output })), history);
  });

  test('that outgrows the size limit because its secrets are replaced is refused', async () => {
    const short = 'abcdef';
    const secrets = { secretValues: [short] };
    const { history } = await keptAfter(async () => ({ output: short.repeat(600_000) }), secrets);
    assert.match(history, 'LIMIT_EXCEEDED');
  });
});

/** Repeats the request's headers in every place and spelling, as services and proxies do. */
const echoing: RequestListener = ({ headers, url }, response) => {
  const [plain, encoded] = [headers.authorization ?? '', Buffer.from(headers.authorization ?? '').toString('base64')];
  const told = { headers, nested: JSON.stringify({ headers }), encoded, url: encodeURIComponent(plain) };
  response.writeHead(url === '/fails' ? 422 : 200, { 'x-echo': plain, 'content-type': 'application/json' });
  response.end(JSON.stringify(told));
};

spec('what http_action gives back of a service that repeats the headers of its client', (test) => {
  for (const path of ['/fails', '/answers'] as const) {
    for (const authorization of [
      `Bearer ${token}`,
      'Bearer "q/7"secret-token',
      `Custom ${token}`,
      `Basic ${Buffer.from('me:pass-word').toString('base64')}`,
    ]) {
      test(`is journaled without them: ${path}, ${authorization.split(' ')[0]} ${authorization.length}`, async () => {
        await withHttpServer(echoing, async (origin) => {
          const action = createHttpAction({});
          const headers = { Authorization: authorization, Accept: 'application/json' };
          const clients = { crm: { base_url: origin, headers, allow_private_network: true } };
          const config = { client_ref: 'crm', path, response_headers: true } as const;
          const run: Handler = async (context, _, input) => {
            const { response = null, headers: shown = null } = await action.stepType.run(context, config, input);
            return { output: { response, shown } };
          };
          const { history, shown } = await keptAfter(run, { clients });
          await action.close();
          const secret = authorization.slice(authorization.indexOf(' ') + 1);
          for (const part of [secret, JSON.stringify(secret).slice(1, -1), 'pass-word', base64(authorization)])
            assert.not.ok(history.includes(part), `${part} in ${history}`);
          assert.is(shown.status, path === '/fails' ? 'failed' : 'completed');
          assert.match(history, '[redacted]');
          assert.match(history, 'application/json');
        });
      });
    }
  }
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
