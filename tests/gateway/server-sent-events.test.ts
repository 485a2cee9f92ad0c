import { liveSubject, type RunAccepted } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { chain, waiting } from './support/segments.js';
import { openSse, type SseStream } from './support/sse-client.js';
import { until } from './support/until.js';
import { type GatewayWorld, type WorldOptions, withGateway, withSegments } from './support/with-gateway.js';

interface Scene extends GatewayWorld {
  readonly client: GatewayWorld['client'];
  readonly own: ApiClient;
  readonly key: string;
  start(segmentId?: string): Promise<string>;
  follow(runId: string, headers?: Readonly<Record<string, string>>): Promise<SseStream>;
}

async function withScene(use: (scene: Scene) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  await withGateway(async (world) => {
    const own = await withSegments(await world.client(), waiting, chain(100));
    const { key } = await world.keys.create({ tenant_id: 'acme', role: 'viewer', name: 'reader', expires_at: null });
    const start = async (segmentId = 'waiting'): Promise<string> =>
      (await own.post<RunAccepted>(`/api/v1/segments/${segmentId}/runs`)).json.run_id;
    const follow = (runId: string, headers = {}) => openSse(world.port, runId, key, headers);
    await use({ ...world, own, key, start, follow });
  }, options);
}

const signal = (own: ApiClient, runId: string) => own.post(`/api/v1/runs/${runId}/signals/go`, { payload: 1 });
const counted = (length: number, from = 1): number[] => Array.from({ length }, (_, at) => at + from);

spec('following a run by server-sent events', (test) => {
  test('gives the history, then what is new, and ends with the run', async () => {
    await withScene(async ({ own, start, follow }) => {
      const runId = await start();
      const stream = await follow(runId);
      await until(() => stream.events.some(({ event_type }) => event_type === 'step.waiting'));
      await signal(own, runId);
      await stream.ended;
      assert.equal(stream.seqs, counted(stream.seqs.length));
      assert.is(stream.events.at(-1)?.event_type, 'segment.completed');
      const late = await follow(runId);
      await late.ended;
      assert.equal(late.events, stream.events);
    });
  });

  test('goes on after the event that was seen last, and says when nothing is left', async () => {
    await withScene(async ({ own, start, follow }) => {
      const runId = await start('chain_100');
      await own.get(`/api/v1/runs/${runId}?wait=10`);
      const whole = await follow(runId);
      await whole.ended;
      for (const seen of [1, 57, whole.seqs.length - 1]) {
        const rest = await follow(runId, { 'Last-Event-ID': String(seen) });
        await rest.ended;
        assert.equal(rest.seqs, counted(whole.seqs.length - seen, seen + 1));
      }
      const named = await follow(runId, { 'Last-Event-ID': `${runId}:${whole.seqs.length}` });
      assert.is(named.status, 204);
      await named.ended;
    });
  });

  test('gives pieces of text as they are written, without an id', async () => {
    await withScene(async ({ backend, own, start, follow }) => {
      const runId = await start();
      const stream = await follow(runId);
      await until(() => stream.seqs.length > 0);
      const token = { event_type: 'llm.token', run_id: runId, step_id: 'wait', scope: '', attempt: 1, text: 'Hel' };
      backend.pubSub.publish(liveSubject(runId), token);
      await until(() => stream.events.some(({ text }) => text === 'Hel'));
      await signal(own, runId);
      await stream.ended;
      assert.equal(stream.seqs, counted(stream.events.length - 1));
    });
  });

  test('tells how far a step is as an event of its own, and nothing that it does not know', async () => {
    await withScene(async ({ backend, own, start, port, key }) => {
      const runId = await start();
      const text: string[] = [];
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/runs/${runId}/events`, {
        headers: { Authorization: `Bearer ${key}`, Accept: 'text/event-stream' },
      });
      const reading = (async () => {
        for await (const piece of answer.body ?? []) text.push(Buffer.from(piece).toString());
      })();
      await until(() => text.join('').includes('step.waiting'));
      const about = { run_id: runId, step_id: 'wait', scope: '', attempt: 1 };
      const told = { event_type: 'step.progress', ...about, progress: { done: 3, total: 10 } };
      backend.pubSub.publish(liveSubject(runId), { ...about, event_type: 'step.dreams' });
      backend.pubSub.publish(liveSubject(runId), told);
      await until(() => text.join('').includes(`\n\nevent: step.progress\ndata: ${JSON.stringify(told)}\n\n`));
      await signal(own, runId);
      await reading;
      assert.not.match(text.join(''), 'step.dreams');
    });
  });

  test('keeps quiet connections open with comments', async () => {
    await withScene(
      async ({ own, start, port, key }) => {
        const runId = await start();
        const text: string[] = [];
        const answer = await fetch(`http://127.0.0.1:${port}/api/v1/runs/${runId}/events`, {
          headers: { Authorization: `Bearer ${key}`, Accept: 'text/event-stream' },
        });
        assert.match(answer.headers.get('cache-control') ?? '', /no-transform/);
        for await (const piece of answer.body ?? []) {
          text.push(Buffer.from(piece).toString());
          if (/: still here\n\n: still here/.test(text.join(''))) break;
        }
        await signal(own, runId);
      },
      { limits: { heartbeat_ms: 20 } },
    );
  });

  test('is not for who may not see the run', async () => {
    await withScene(async ({ start, port, keys }) => {
      const runId = await start();
      const rival = await keys.create({ tenant_id: 'rival', role: 'admin', name: 'rival', expires_at: null });
      const stream = await openSse(port, runId, rival.key);
      assert.is(stream.status, 404);
    });
  });

  test('ends for a key that is revoked, long before its run does, and not for others', async () => {
    await withScene(async ({ own, start, port, keys, follow }) => {
      const runId = await start();
      const gone = await keys.create({ tenant_id: 'acme', role: 'viewer', name: 'gone', expires_at: null });
      const [revoked, other] = [await openSse(port, runId, gone.key), await follow(runId)];
      await until(() => revoked.seqs.length > 0 && other.seqs.length > 0);
      await keys.revoke(gone.listing.prefix);
      // Bounded by the timeout of this test; the run waits for the signal below.
      await revoked.ended;
      await signal(own, runId);
      await other.ended;
      assert.is(other.events.at(-1)?.event_type, 'segment.completed');
    });
  });

  test(
    'a client that takes nothing is cut off, goes on later, and holds up no other',
    async () => {
      const limits = { slow_reader_ms: 200 };
      await withScene(
        async ({ own, start, follow, stranger }) => {
          await own.post('/api/v1/segments', chain(10_000));
          const runId = await start('chain_10000');
          const slow = await follow(runId);
          slow.pause();
          const quick = await follow(runId);
          await quick.ended;
          assert.is(quick.events.at(-1)?.event_type, 'segment.completed');
          const cut = async () => /slow_readers_total 1\b/.test((await stranger.get('/metrics')).text);
          await until(cut);
          slow.resume();
          await slow.ended;
          assert.ok(slow.seqs.length < quick.seqs.length);
          const rest = await follow(runId, { 'Last-Event-ID': String(slow.seqs.length) });
          await rest.ended;
          assert.equal([...slow.seqs, ...rest.seqs], counted(quick.seqs.length));
        },
        { limits },
      );
    },
    { timeoutMs: 60_000 },
  );

  test('many readers of one run see the same, whenever they come', async () => {
    await withScene(async ({ own, start, follow, gateway }) => {
      const runId = await start();
      const early = await Promise.all(Array.from({ length: 100 }, () => follow(runId)));
      await until(() => early.every(({ seqs }) => seqs.length > 0));
      const [late] = await Promise.all([
        Promise.all(Array.from({ length: 100 }, () => follow(runId))),
        signal(own, runId),
      ]);
      const all = [...early, ...late];
      await Promise.all(all.map(({ ended }) => ended));
      for (const { seqs } of all) assert.equal(seqs, counted(early[0]?.seqs.length ?? 0));
      assert.ok(gateway);
    });
  });

  test('a gateway that stops sends its readers away; they go on at another', async () => {
    await withScene(async ({ start, follow, gateway }) => {
      const runId = await start();
      const stream = await follow(runId);
      await until(() => stream.seqs.length > 0);
      await gateway.close();
      await stream.ended;
      assert.equal(stream.seqs, counted(stream.seqs.length));
    });
  });
});
