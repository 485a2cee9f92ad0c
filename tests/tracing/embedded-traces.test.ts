import * as assert from 'uvu/assert';
import type { ApiClient } from '../gateway/support/api-client.js';
import { echo } from '../gateway/support/segments.js';
import { until } from '../gateway/support/until.js';
import { type GatewayWorld, withGateway } from '../gateway/support/with-gateway.js';
import { recordingLogger } from '../support/recording-logger.js';
import { spec } from '../support/spec.js';
import { child, mixed } from './support/mixed-segment.js';
import { openMixedServer } from './support/mixed-server.js';
import { checkChild, mixedLine, mixedNames, mixedTree } from './support/mixed-tree.js';
import { type OtlpReceiver, openOtlpReceiver, type ReceivedSpan } from './support/otlp-receiver.js';
import { treeOf } from './support/span-tree.js';
import { tracedConfig } from './support/traced-config.js';

const caller = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };

async function withReceiver(use: (receiver: OtlpReceiver) => Promise<void>): Promise<void> {
  const receiver = await openOtlpReceiver();
  try {
    await use(receiver);
  } finally {
    await receiver.close();
  }
}

/** Starts the segment within the trace of the caller, answers its task and waits for its end. */
async function runMixed(api: ApiClient): Promise<string> {
  await api.post('/api/v1/segments', child);
  await api.post('/api/v1/segments', mixed);
  const headers = { traceparent: `00-${caller.trace_id}-${caller.span_id}-01`, tracestate: 'acme=1' };
  const started = await api.post('/api/v1/segments/mixed/runs', {}, { headers });
  assert.is(started.status, 202);
  assert.match(String(started.headers.traceresponse), new RegExp(`^00-${caller.trace_id}-[0-9a-f]{16}-01$`));
  const runId = String(started.json.run_id);
  const task = encodeURIComponent(`${runId}:approve`);
  await until(async () => (await api.post(`/api/v1/tasks/${task}/answer`, { decision: 'approve' })).status !== 404);
  const { json } = await api.get(`/api/v1/runs/${runId}?wait=20`);
  assert.is(json.status, 'completed', JSON.stringify(json.error));
  return runId;
}

spec('traces of an embedded runtime', (test) => {
  test('one trace tells a request, its run, every attempt and what it asked of others', () =>
    withReceiver(async (receiver) => {
      const server = await openMixedServer();
      const config = tracedConfig(receiver.endpoint, server.origin, { headers: { 'x-scope': 'tests' } });
      await withGateway(async ({ client }) => void (await runMixed(await client())), { config });
      await server.close();
      const { spans } = receiver;
      const ids = spans.map(({ trace_id, span_id }) => `${trace_id}/${span_id}`);
      assert.is(new Set(ids).size, ids.length);
      const ofCaller = spans.filter(({ trace_id }) => trace_id === caller.trace_id);
      assert.equal(treeOf(ofCaller, mixedLine, caller.span_id, mixedNames), mixedTree);
      for (const { trace_state } of ofCaller) assert.is(trace_state, 'acme=1');
      assert.is(receiver.requests[0]?.headers['x-scope'], 'tests');
      checkChild(spans);
      checkRequests(ofCaller, server.seen);
      checkModelCall(ofCaller);
    }));

  test('prompts and answers are told only if the configuration says so', () =>
    withReceiver(async (receiver) => {
      const server = await openMixedServer();
      const config = tracedConfig(receiver.endpoint, server.origin, { record_content: true });
      await withGateway(async ({ client }) => void (await runMixed(await client())), { config });
      await server.close();
      const chat = receiver.spans.find(({ name }) => name.startsWith('chat'));
      assert.match(String(chat?.attributes['gen_ai.input.messages']), 'Say something about tea.');
      assert.match(String(chat?.attributes['gen_ai.output.messages']), 'assistant');
    }));

  test('runs that begin a trace are sampled by their share, those within one as their caller is', () =>
    withReceiver(async (receiver) => {
      const config = tracedConfig(receiver.endpoint, undefined, { sample_ratio: 0 });
      await withGateway(
        async (world) => {
          await startEcho(world, {});
          await startEcho(world, { traceparent: `00-${caller.trace_id}-${caller.span_id}-00` });
          await startEcho(world, { traceparent: `00-${caller.trace_id}-${caller.span_id}-01` });
        },
        { config },
      );
      const runs = receiver.spans.filter(({ name }) => name === 'run echo');
      assert.equal(
        runs.map(({ trace_id }) => trace_id),
        [caller.trace_id],
      );
    }));

  const notDelivered = { refuse: 1, hang: 0 };
  for (const how of ['refuse', 'hang'] as const) {
    test(`runs do not notice a receiver that ${how}s; a line says once that spans cannot be delivered`, () =>
      withReceiver(async (receiver) => {
        receiver.behave(how);
        const log = recordingLogger();
        await withGateway(
          async (world) => {
            for (let count = 0; count < 5; count++) await startEcho(world, {});
            await until(() => receiver.requests.length > 0);
          },
          { config: tracedConfig(receiver.endpoint), log },
        );
        // One that hangs is given up after ten seconds; the runtime that closes does not wait so long.
        assert.is(log.lines.filter((line) => line.includes('spans cannot be delivered')).length, notDelivered[how]);
        assert.equal(receiver.spans, []);
      }));
  }

  test('without a configuration nothing is traced, and the trace of a caller is kept all the same', () =>
    withGateway(async (world) => {
      const runId = await startEcho(world, { traceparent: `00-${caller.trace_id}-${caller.span_id}-01` });
      const request = await world.runtime.runs.request({ tenant_id: 'acme', run_id: runId });
      assert.is(request?.trace_id, caller.trace_id);
      assert.equal(request?.trace, { sampled: true, parent_span_id: caller.span_id });
      const own = await world.runtime.runs.request({ tenant_id: 'acme', run_id: await startEcho(world, {}) });
      assert.match(own?.trace_id ?? '', /^[0-9a-f]{32}$/);
      assert.is(own?.trace, undefined);
    }));

  test('a run that is started again by its idempotency key stays in its first trace', () =>
    withReceiver(async (receiver) => {
      await withGateway(
        async (world) => {
          const headers = { 'idempotency-key': 'once' };
          const first = await startEcho(world, {
            ...headers,
            traceparent: `00-${caller.trace_id}-${caller.span_id}-01`,
          });
          const other = '00-11111111111111111111111111111111-2222222222222222-01';
          assert.is(await startEcho(world, { ...headers, traceparent: other }), first);
        },
        { config: tracedConfig(receiver.endpoint) },
      );
      const runs = receiver.spans.filter(({ name }) => name === 'run echo');
      assert.equal(
        runs.map(({ trace_id }) => trace_id),
        [caller.trace_id],
      );
    }));
});

async function startEcho({ client }: GatewayWorld, headers: Readonly<Record<string, string>>): Promise<string> {
  const api = await client();
  await api.post('/api/v1/segments', echo);
  const { json } = await api.post('/api/v1/segments/echo/runs?wait=10', { input_data: 1 }, { headers });
  assert.is(json.status, 'completed');
  return String(json.run_id);
}

/** Each request carried its own span, and tells no query. */
function checkRequests(
  spans: readonly ReceivedSpan[],
  seen: readonly { readonly path: string; readonly headers: Readonly<Record<string, unknown>> }[],
): void {
  const sent = spans.filter(({ name }) => name === 'GET').map(({ span_id }) => `00-${caller.trace_id}-${span_id}-01`);
  assert.equal(seen.map(({ headers }) => headers.traceparent).sort(), sent.sort());
  for (const { headers } of seen) assert.is(headers.tracestate, 'acme=1');
}

function checkModelCall(spans: readonly ReceivedSpan[]): void {
  const { attributes } = spans.find(({ name }) => name === 'chat offline') as ReceivedSpan;
  assert.is(attributes['gen_ai.operation.name'], 'chat');
  assert.is(attributes['gen_ai.provider.name'], 'offline');
  assert.ok(Number(attributes['gen_ai.usage.input_tokens']) > 0);
  assert.equal(attributes['gen_ai.response.finish_reasons'], ['stop']);
  assert.is(attributes['gen_ai.input.messages'], undefined);
}
