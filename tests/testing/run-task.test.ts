import { setTimeout as sleep } from 'node:timers/promises';
import { defineTask, LlmteamError, type ModelRequest, messageText, Type } from '@llmteam/plugin';
import { runTask } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const echo = defineTask({ type: 'echo', run: (_context, _config, input) => ({ output: input as never }) });

spec('runTask', (test) => {
  test('what a handler says besides its result is in the outcome', async () => {
    const type = defineTask({
      type: 'talk',
      async run({ emitToken, heartbeat, addUsage, record, memo, log, attempt, step_id }) {
        emitToken('one ');
        emitToken('two');
        heartbeat({ done: 1 });
        addUsage({ input_tokens: 1, output_tokens: 2 });
        record({ event_type: 'data.produced', payload: { rows: 2 } });
        log.info({ step_id }, 'hello');
        return { output: [await memo('kept', async () => 5), await memo('made', async () => 6), attempt] };
      },
    });
    const outcome = await runTask(type, { memos: { kept: 4 }, attempt: 2 });
    assert.equal(outcome.error, null);
    assert.equal(outcome.ports, { output: [4, 6, 2] });
    assert.is(outcome.tokens, 'one two');
    assert.equal(outcome.progress, [{ done: 1 }]);
    assert.equal(outcome.usage, { input_tokens: 1, output_tokens: 2 });
    assert.is(outcome.activities.length, 1);
    assert.equal(outcome.memos, { kept: 4, made: 6 });
    assert.equal(
      outcome.logs.map(({ level, message, fields }) => [level, message, fields.step_id]),
      [['info', 'hello', 'step']],
    );
  });

  test('what a handler throws or returns wrongly is the error that the run would have', async () => {
    const failing = (run: () => never) => runTask(defineTask({ type: 'fails', run }));
    const own = await failing(() => {
      throw new LlmteamError('ACME_BUSY', 'later', { recoverable: true });
    });
    assert.equal([own.ports, own.error?.error_code, own.error?.recoverable], [null, 'ACME_BUSY', true]);
    assert.is((await failing(() => ({ other: 1 }) as never)).error?.error_code, 'STEP_RESULT_INVALID');
    assert.is((await failing(() => ({ output: 1n }) as never)).error?.error_code, 'STEP_RESULT_INVALID');
  });

  test('models, clients, stores and secrets are those of the test, and no others', async () => {
    const type = defineTask({
      type: 'uses',
      config: Type.Object({ kind: Type.String(), name: Type.String() }),
      async run({ llm, client, store, secret, signal, redact }, { kind, name }) {
        if (kind === 'secret') return { output: secret(name).length };
        if (kind === 'client') return { output: client(name).base_url };
        if (kind === 'store') {
          const kept = (await store(name).get('count')) as number;
          await store(name).set('count', kept + 1);
          return { output: kept };
        }
        const messages = [{ role: 'user', content: 'say it' }] as const;
        const { text } = await llm(name).generate({ messages, signal, redact, idempotency_key: 'k' });
        return { output: text };
      },
    });
    const given = {
      llms: {
        writer: 'hello',
        asked: ({ messages: [first] }: ModelRequest) => (first === undefined ? '' : messageText(first)),
      },
      clients: { api: { base_url: 'https://api.example.com' } },
      stores: { kept: { count: 1 } },
      secrets: { key: 'hidden-value' },
    };
    const use = (kind: string, name: string) => runTask(type, { ...given, config: { kind, name } });
    assert.equal((await use('llm', 'writer')).ports, { output: 'hello' });
    assert.equal((await use('llm', 'asked')).ports, { output: 'say it' });
    assert.equal((await use('client', 'api')).ports, { output: 'https://api.example.com' });
    assert.equal((await use('store', 'kept')).stores, { kept: { count: 2 } });
    assert.equal((await use('secret', 'key')).ports, { output: 12 });
    for (const kind of ['llm', 'client', 'store', 'secret']) {
      const { error } = await use(kind, 'absent');
      assert.is(error?.error_code, 'UNKNOWN_REF', kind);
      const asked = `^plugin 'test' asked for ${kind} 'absent', which is not in \`${kind}s\` of the configuration; configured: `;
      assert.match(error?.error_message ?? '', new RegExp(asked));
    }
  });

  test('permissions are asked for as in production', async () => {
    const type = defineTask({ type: 'peeks', run: ({ secret }) => ({ output: secret('key').length }) });
    const secrets = { key: 'hidden-value' };
    const undeclared = await runTask(type, { secrets, permissions: {} });
    assert.match(undeclared.error?.error_message ?? '', /manifest does not declare/);
    const notGranted = await runTask(type, { secrets, permissions: { secrets: ['key'] }, grant: {} });
    assert.match(notGranted.error?.error_message ?? '', /does not grant/);
    assert.equal((await runTask(type, { secrets, permissions: { secrets: ['key'] } })).ports, { output: 12 });
  });

  test('a request goes to the fetch of the test, through the permissions, and nowhere without one', async () => {
    const type = defineTask({
      type: 'asks',
      config: Type.Object({ url: Type.String(), client: Type.Optional(Type.String()) }),
      async run({ fetch }, { url, client }) {
        const response = await fetch(url, { method: 'POST', body: 'hi', ...(client !== undefined && { client }) });
        return { output: [response.status, await response.text()] };
      },
    });
    const fetch = async (request: Request) =>
      new Response(`${request.url} ${await request.text()} ${request.headers.get('x-key')}`, { status: 201 });
    const ask = (config: { url: string; client?: string }, more = {}) => runTask(type, { config, fetch, ...more });
    const asked = await ask({ url: 'https://api.example.com/a' });
    assert.equal(asked.ports, { output: [201, 'https://api.example.com/a hi null'] });
    const byText = (url: string | URL | Request) => Response.json(String(url).endsWith('/a'));
    assert.equal((await ask({ url: 'https://api.example.com/a' }, { fetch: byText })).ports, { output: [200, 'true'] });
    const clients = { api: { base_url: 'https://api.example.com/v1', headers: { 'x-key': 'k' } } };
    const viaClient = await ask({ url: '/a', client: 'api' }, { clients });
    assert.equal(viaClient.ports, { output: [201, 'https://api.example.com/v1/a hi k'] });
    const denied = await ask({ url: 'https://other.example.com' }, { permissions: { network: ['api.example.com'] } });
    assert.is(denied.error?.error_code, 'PERMISSION_DENIED');
    const nowhere = await runTask(type, { config: { url: 'https://api.example.com' } });
    assert.match(nowhere.error?.error_message ?? '', /give the test `fetch`/);
  });

  test('an attempt ends with its signal or its time-out, before and while it runs', async () => {
    const type = defineTask({
      type: 'waits',
      async run({ signal }) {
        signal.throwIfAborted();
        return await new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      },
    });
    assert.is((await runTask(type, { timeout_seconds: 0.05 })).error?.error_code, 'STEP_TIMEOUT');
    assert.is((await runTask(type, { signal: AbortSignal.abort() })).error?.error_code, 'CANCELLED');
    const control = new AbortController();
    const running = runTask(type, { signal: control.signal });
    await sleep(20);
    control.abort();
    assert.is((await running).error?.error_code, 'CANCELLED');
  });

  test('a handler works on copies, and the options stay as they were', async () => {
    const type = defineTask({
      type: 'spoils',
      config: Type.Object({ list: Type.Array(Type.Number()) }),
      run: (_context, config, input) => {
        config.list.push(4);
        (input as number[]).push(5);
        return { output: [config.list, input] as never };
      },
    });
    const options = { config: { list: [1] }, input: [2] };
    assert.equal((await runTask(type, options)).ports, {
      output: [
        [1, 4],
        [2, 5],
      ],
    });
    assert.equal(options, { config: { list: [1] }, input: [2] });
    assert.equal((await runTask(echo, { input: { a: 1 } })).ports, { output: { a: 1 } });
  });
});
