import { ApiError, type FollowedEvent, LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { echo, waiting } from '../gateway/support/segments.js';
import { type GatewayWorld, withGateway } from '../gateway/support/with-gateway.js';
import { spec } from '../support/spec.js';

async function withClient(use: (client: LlmteamClient, world: GatewayWorld) => Promise<void>): Promise<void> {
  await withGateway(async (world) => {
    const { key } = await world.keys.create({ tenant_id: 'acme', role: 'admin', name: 'sdk', expires_at: null });
    await use(new LlmteamClient({ url: `http://127.0.0.1:${world.port}/`, key }), world);
  });
}

spec('the client', (test) => {
  test('stores a segment, runs it and gives its result', async () => {
    await withClient(async (client) => {
      assert.is((await client.validateSegment(echo)).valid, true);
      const { revision } = await client.storeSegment(echo, { ifRevision: 0 });
      assert.equal(await client.getSegment('echo', { revision }), echo);
      const run = await client.startRun('echo', { input_data: { a: 1 } }, { wait: 10 });
      assert.equal('output' in run && run.output, { a: 1 });
      assert.is((await client.listRuns({ status: 'completed' })).runs.length, 1);
    });
  });

  test('takes the URL of a gateway as it is copied: with a trailing slash, with /api/v1', async () => {
    await withGateway(async ({ keys, port }) => {
      const { key } = await keys.create({ tenant_id: 'acme', role: 'admin', name: 'sdk', expires_at: null });
      for (const end of ['', '/', '//', '/api/v1', '/api/v1/']) {
        const client = new LlmteamClient({ url: `http://127.0.0.1:${port}${end}`, key });
        assert.is((await client.whoami()).name, 'sdk', end);
      }
    });
  });

  test('lists runs by several statuses and by metadata', async () => {
    await withClient(async (client) => {
      await client.storeSegment(echo);
      const metadata = { customer: 'Ada & Söhne', 'env.name': '[test]' };
      const { run_id } = await client.startRun('echo', { input_data: null, metadata }, { wait: 10 });
      await client.startRun('echo', {}, { wait: 10 });
      const found = await client.listRuns({ status: ['completed', 'failed'], metadata });
      assert.equal(
        found.runs.map((run) => run.run_id),
        [run_id],
      );
      assert.is((await client.getRun(run_id)).input, null);
    });
  });

  test('follows a run from its first event to its last, each once', async () => {
    await withClient(async (client) => {
      await client.storeSegment(waiting);
      const { run_id } = await client.startRun('waiting');
      const seen: FollowedEvent[] = [];
      for await (const event of client.follow(run_id)) {
        seen.push(event);
        if (event.event_type === 'step.waiting') await client.signalRun(run_id, 'go', { payload: 'now' });
      }
      const { events } = await client.listEvents(run_id);
      assert.equal(seen, events);
      assert.is(seen.at(-1)?.event_type, 'segment.completed');
    });
  });

  test('throws errors of the gateway with their codes and paths', async () => {
    await withClient(async (client) => {
      const invalid = { ...echo, entrypoint: 'nowhere' };
      const error = await client.storeSegment(invalid).catch((thrown: unknown) => thrown);
      assert.instance(error, ApiError);
      const { status, code, problems } = error as ApiError;
      assert.equal([status, code, problems[0]?.path], [422, 'SEGMENT_INVALID', '/entrypoint']);
      const unknown = await client.getRun('nothing').catch((thrown: unknown) => thrown);
      assert.is((unknown as ApiError).code, 'RUN_UNKNOWN');
    });
  });

  test('sends a segment given as text verbatim: problems have its lines', async () => {
    await withClient(async (client) => {
      const text = JSON.stringify({ ...echo, entrypoint: 'nowhere' }, null, 2);
      const line = text.slice(0, text.indexOf('"entrypoint"')).split('\n').length;
      const { problems } = await client.validateSegment(text);
      assert.equal([problems[0]?.path, problems[0]?.line], ['/entrypoint', line]);
      const error = await client.storeSegment(text).catch((thrown: unknown) => thrown);
      assert.is((error as ApiError).problems[0]?.line, line);
      assert.is((await client.storeSegment(JSON.stringify(echo))).segment_id, 'echo');
    });
  });

  test('throws an answer that is none of a gateway, also one in place of a stream, and does not ask again', async () => {
    const asked: string[] = [];
    const fetch: typeof globalThis.fetch = async (input) => {
      asked.push(String(input));
      return new Response('<html>', { headers: { 'Content-Type': 'text/html' } });
    };
    const client = new LlmteamClient({ url: 'http://127.0.0.1:1', key: 'none', fetch });
    const page = await client.listRuns().catch((thrown: unknown) => thrown);
    assert.equal([(page as ApiError).status, (page as ApiError).code], [200, 'UNKNOWN']);
    const stream = await client
      .follow('run')
      .next()
      .catch((thrown: unknown) => thrown);
    assert.equal([(stream as ApiError).status, (stream as ApiError).code], [200, 'UNKNOWN']);
    assert.is(asked.length, 2);
  });

  test('reports that the gateway is unreachable', async () => {
    const client = new LlmteamClient({ url: 'http://127.0.0.1:1', key: 'none' });
    const error = await client.catalog().catch((thrown: unknown) => thrown);
    assert.equal([(error as ApiError).status, (error as ApiError).code], [0, 'UNREACHABLE']);
  });
});
