import { live_subject, type RunAccepted } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { chain, waiting } from './support/segments.js';
import { open_sse, type SseStream } from './support/sse-client.js';
import { until } from './support/until.js';
import { type GatewayWorld, type WorldOptions, with_gateway, with_segments } from './support/with-gateway.js';

interface Scene extends GatewayWorld {
  readonly client: GatewayWorld['client'];
  readonly own: ApiClient;
  readonly key: string;
  start(segment_id?: string): Promise<string>;
  follow(run_id: string, headers?: Readonly<Record<string, string>>): Promise<SseStream>;
}

async function with_scene(use: (scene: Scene) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  await with_gateway(async (world) => {
    const own = await with_segments(await world.client(), waiting, chain(100));
    const { key } = await world.keys.create({ tenant_id: 'acme', role: 'viewer', name: 'reader', expires_at: null });
    const start = async (segment_id = 'waiting'): Promise<string> =>
      (await own.post<RunAccepted>(`/api/v1/segments/${segment_id}/runs`)).json.run_id;
    const follow = (run_id: string, headers = {}) => open_sse(world.port, run_id, key, headers);
    await use({ ...world, own, key, start, follow });
  }, options);
}

const signal = (own: ApiClient, run_id: string) => own.post(`/api/v1/runs/${run_id}/signals/go`, { payload: 1 });
const counted = (length: number, from = 1): number[] => Array.from({ length }, (_, at) => at + from);

spec('following a run by server-sent events', (test) => {
  test('gives the history, then what is new, and ends with the run', async () => {
    await with_scene(async ({ own, start, follow }) => {
      const run_id = await start();
      const stream = await follow(run_id);
      await until(() => stream.events.some(({ event_type }) => event_type === 'step.waiting'));
      await signal(own, run_id);
      await stream.ended;
      assert.equal(stream.seqs, counted(stream.seqs.length));
      assert.is(stream.events.at(-1)?.event_type, 'segment.completed');
      const late = await follow(run_id);
      await late.ended;
      assert.equal(late.events, stream.events);
    });
  });

  test('goes on after the event that was seen last, and says when nothing is left', async () => {
    await with_scene(async ({ own, start, follow }) => {
      const run_id = await start('chain_100');
      await own.get(`/api/v1/runs/${run_id}?wait=10`);
      const whole = await follow(run_id);
      await whole.ended;
      for (const seen of [1, 57, whole.seqs.length - 1]) {
        const rest = await follow(run_id, { 'Last-Event-ID': String(seen) });
        await rest.ended;
        assert.equal(rest.seqs, counted(whole.seqs.length - seen, seen + 1));
      }
      const named = await follow(run_id, { 'Last-Event-ID': `${run_id}:${whole.seqs.length}` });
      assert.is(named.status, 204);
      await named.ended;
    });
  });

  test('gives pieces of text as they are written, without an id', async () => {
    await with_scene(async ({ backend, own, start, follow }) => {
      const run_id = await start();
      const stream = await follow(run_id);
      await until(() => stream.seqs.length > 0);
      const token = { event_type: 'llm.token', run_id, step_id: 'wait', scope: '', attempt: 1, text: 'Hel' };
      backend.signals.publish(live_subject(run_id), token);
      await until(() => stream.events.some(({ text }) => text === 'Hel'));
      await signal(own, run_id);
      await stream.ended;
      assert.equal(stream.seqs, counted(stream.events.length - 1));
    });
  });

  test('keeps quiet connections open with comments', async () => {
    await with_scene(
      async ({ own, start, port, key }) => {
        const run_id = await start();
        const text: string[] = [];
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/runs/${run_id}/events`, {
          headers: { Authorization: `Bearer ${key}`, Accept: 'text/event-stream' },
        });
        assert.match(answer.headers.get('cache-control') ?? '', /no-transform/);
        for await (const piece of answer.body ?? []) {
          text.push(Buffer.from(piece).toString());
          if (/: still here\n\n: still here/.test(text.join(''))) break;
        }
        await signal(own, run_id);
      },
      { limits: { heartbeat_ms: 20 } },
    );
  });

  test('is not for who may not see the run', async () => {
    await with_scene(async ({ start, port, keys }) => {
      const run_id = await start();
      const rival = await keys.create({ tenant_id: 'rival', role: 'admin', name: 'rival', expires_at: null });
      const stream = await open_sse(port, run_id, rival.key);
      assert.is(stream.status, 404);
    });
  });

  test('ends within a second for a key that is revoked, and not for others', async () => {
    await with_scene(async ({ own, start, port, keys, follow }) => {
      const run_id = await start();
      const gone = await keys.create({ tenant_id: 'acme', role: 'viewer', name: 'gone', expires_at: null });
      const [revoked, other] = [await open_sse(port, run_id, gone.key), await follow(run_id)];
      await until(() => revoked.seqs.length > 0 && other.seqs.length > 0);
      const began = performance.now();
      await keys.revoke(gone.listing.prefix);
      await revoked.ended;
      assert.ok(performance.now() - began < 1_000);
      await signal(own, run_id);
      await other.ended;
      assert.is(other.events.at(-1)?.event_type, 'segment.completed');
    });
  });

  test(
    'a client that takes nothing is cut off, goes on later, and holds up no other',
    async () => {
      const limits = { slow_reader_ms: 200 };
      await with_scene(
        async ({ own, start, follow, stranger }) => {
          await own.post('/api/v1/segments', chain(10_000));
          const run_id = await start('chain_10000');
          const slow = await follow(run_id);
          slow.pause();
          const quick = await follow(run_id);
          await quick.ended;
          assert.is(quick.events.at(-1)?.event_type, 'segment.completed');
          const cut = async () => /slow_readers_total 1\b/.test((await stranger.get('/metrics')).text);
          await until(cut);
          slow.resume();
          await slow.ended;
          assert.ok(slow.seqs.length < quick.seqs.length);
          const rest = await follow(run_id, { 'Last-Event-ID': String(slow.seqs.length) });
          await rest.ended;
          assert.equal([...slow.seqs, ...rest.seqs], counted(quick.seqs.length));
        },
        { limits },
      );
    },
    { timeout_ms: 60_000 },
  );

  test('many readers of one run see the same, whenever they come', async () => {
    await with_scene(async ({ own, start, follow, gateway }) => {
      const run_id = await start();
      const early = await Promise.all(Array.from({ length: 100 }, () => follow(run_id)));
      await until(() => early.every(({ seqs }) => seqs.length > 0));
      const [late] = await Promise.all([
        Promise.all(Array.from({ length: 100 }, () => follow(run_id))),
        signal(own, run_id),
      ]);
      const all = [...early, ...late];
      await Promise.all(all.map(({ ended }) => ended));
      for (const { seqs } of all) assert.equal(seqs, counted(early[0]?.seqs.length ?? 0));
      assert.ok(gateway);
    });
  });

  test('a gateway that stops sends its readers away; they go on at another', async () => {
    await with_scene(async ({ start, follow, gateway }) => {
      const run_id = await start();
      const stream = await follow(run_id);
      await until(() => stream.seqs.length > 0);
      await gateway.close();
      await stream.ended;
      assert.equal(stream.seqs, counted(stream.seqs.length));
    });
  });
});
