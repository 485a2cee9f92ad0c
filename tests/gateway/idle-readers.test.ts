import { setImmediate as nextTurn } from 'node:timers/promises';
import { liveSubject, type RunAccepted } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { type IdleReader, openIdleReader, type StreamKind } from './support/idle-reader.js';
import { chain, waiting } from './support/segments.js';
import { openSse } from './support/sse-client.js';
import { until } from './support/until.js';
import { type GatewayWorld, type WorldOptions, withGateway, withSegments } from './support/with-gateway.js';

interface Scene extends GatewayWorld {
  readonly own: ApiClient;
  readonly key: string;
  readonly runId: string;
  openIdle(count: number, kind: StreamKind, runId?: string): readonly IdleReader[];
}

const pausedAtBytes = 64 * 1024;
const patience = { timeoutMs: 60_000 };
const kinds: readonly StreamKind[] = ['sse', 'socket'];

async function withScene(use: (scene: Scene) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  await withGateway(async (world) => {
    const own = await withSegments(await world.client(), waiting, chain(3_000));
    const { key } = await world.keys.create({ tenant_id: 'acme', role: 'viewer', name: 'reader', expires_at: null });
    const runId = (await own.post<RunAccepted>('/api/v1/segments/waiting/runs')).json.run_id;
    const opened: IdleReader[] = [];
    const openIdle: Scene['openIdle'] = (count, kind, ofRun = runId) => {
      const readers = Array.from({ length: count }, () => openIdleReader(world.port, ofRun, key, kind));
      opened.push(...readers);
      return readers;
    };
    try {
      await use({ ...world, own, key, runId, openIdle });
    } finally {
      for (const { socket } of opened) socket.destroy();
    }
  }, options);
}

async function gauge({ stranger }: Scene, name: string): Promise<number> {
  const { text } = await stranger.get('/metrics');
  return Number(new RegExp(`^llmteam_gateway_${name} (.+)$`, 'm').exec(text)?.[1]);
}

/** Publishes tokens of 8 KB until the condition holds; returns the most bytes that readers were seen to have unread. */
async function streamTokens(scene: Scene, until: () => Promise<boolean>): Promise<number> {
  const { backend, runId } = scene;
  const about = { event_type: 'llm.token', run_id: runId, step_id: 'wait', scope: '', attempt: 1 };
  const text = 'x'.repeat(8_000);
  let most = 0;
  while (!(await until())) {
    for (let count = 0; count < 20; count++) backend.pubSub.publish(liveSubject(runId), { ...about, text });
    await nextTurn();
    most = Math.max(most, await gauge(scene, 'unread_bytes'));
  }
  return most;
}

spec('readers that take nothing', (test) => {
  for (const kind of kinds) {
    test(
      `are cut off while tokens stream, and never have more than their share unread (${kind})`,
      async () => {
        const readers = 20;
        await withScene(
          async (scene) => {
            scene.openIdle(readers, kind);
            await until(async () => (await gauge(scene, 'open_streams')) === readers);
            const most = await streamTokens(scene, async () => (await gauge(scene, 'slow_readers_total')) === readers);
            assert.ok(most > 0);
            assert.ok(most <= readers * (pausedAtBytes + 10_000), `${most} bytes`);
            await until(async () => (await gauge(scene, 'open_streams')) === 0);
            assert.is(await gauge(scene, 'unread_bytes'), 0);
          },
          { limits: { slow_reader_ms: 400 } },
        );
      },
      patience,
    );

    test(
      `a reader that reads gets every event while tokens it has no time for are dropped (${kind})`,
      async () => {
        await withScene(
          async (scene) => {
            const { own, runId, port, key } = scene;
            scene.openIdle(1, kind);
            const stream = await openSse(port, runId, key);
            await streamTokens(scene, async () => (await gauge(scene, 'slow_readers_total')) === 1);
            await own.post(`/api/v1/runs/${runId}/signals/go`, { payload: 1 });
            await stream.ended;
            assert.is(stream.events.at(-1)?.event_type, 'segment.completed');
            assert.equal(
              stream.seqs,
              stream.seqs.map((_, at) => at + 1),
            );
          },
          { limits: { slow_reader_ms: 300 } },
        );
      },
      patience,
    );

    test(
      `of a run that has ended are cut off too, and hold their slot until then (${kind})`,
      async () => {
        const openStreams = 12;
        await withScene(
          async (scene) => {
            const { own } = scene;
            const { run_id } = (await own.post<RunAccepted>('/api/v1/segments/chain_3000/runs')).json;
            await own.get(`/api/v1/runs/${run_id}?wait=60`);
            scene.openIdle(openStreams, kind, run_id);
            await until(async () => (await gauge(scene, 'open_streams')) === openStreams);
            assert.is((await openSse(scene.port, run_id, scene.key)).status, 429);
            assert.ok((await gauge(scene, 'unread_bytes')) <= openStreams * (pausedAtBytes + 10_000));
            await until(async () => (await gauge(scene, 'open_streams')) === 0);
            assert.is(await gauge(scene, 'unread_bytes'), 0);
          },
          { limits: { slow_reader_ms: 500, open_streams: openStreams } },
        );
      },
      patience,
    );
  }
});
