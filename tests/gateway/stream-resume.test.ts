import type { RunAccepted } from '@llmteam/contracts';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { assertAsyncProperty } from '../support/random.js';
import { spec } from '../support/spec.js';
import { chain, waiting } from './support/segments.js';
import { openSocket } from './support/socket-client.js';
import { openSse } from './support/sse-client.js';
import { until } from './support/until.js';
import { type GatewayWorld, withGateway, withSegments } from './support/with-gateway.js';

interface Followed {
  readonly port: number;
  readonly key: string;
  readonly run_id: string;
}

/** Reads `take` events over SSE or a WebSocket, or all if null, then disconnects. Returns their seqs. */
async function readSome(run: Followed, fromSeq: number, way: 'sse' | 'socket', take: number | null): Promise<number[]> {
  const { port, run_id, key } = run;
  if (way === 'sse') {
    const stream = await openSse(port, run_id, key, { 'Last-Event-ID': String(fromSeq - 1) });
    await enough(stream.ended, stream.seqs, take);
    const seen = [...stream.seqs];
    stream.destroy();
    await stream.ended;
    return seen;
  }
  const stream = openSocket(port, run_id, { key, fromSeq });
  await enough(stream.closed, stream.seqs, take);
  const seen = [...stream.seqs];
  stream.socket.terminate();
  await stream.closed;
  return seen;
}

async function enough(over: Promise<unknown>, seqs: readonly number[], take: number | null): Promise<void> {
  let isOver = false;
  const end = over.then(() => {
    isOver = true;
  });
  if (take === null) await end;
  else await until(() => isOver || seqs.length >= take);
}

async function start(world: GatewayWorld, segmentId: string, key: string): Promise<Followed> {
  const client = await world.client();
  const { run_id } = (await client.post<RunAccepted>(`/api/v1/segments/${segmentId}/runs`)).json;
  return { port: world.port, key, run_id };
}

const connection = fc.record({
  way: fc.constantFrom('sse' as const, 'socket' as const),
  take: fc.integer({ min: 0, max: 40 }),
  /** How many events to re-read on purpose. */
  back: fc.integer({ min: 0, max: 5 }),
});

spec('a client that reconnects with the last seq it saw', (test) => {
  test(
    'has seen every event once and in order, wherever it was disconnected, while the run continues',
    async () => {
      await withGateway(async (world) => {
        await withSegments(await world.client(), chain(100), waiting);
        const { key } = await world.keys.create({ tenant_id: 'acme', role: 'viewer', name: 'r', expires_at: null });
        const totals = { connections: 0, events: 0 };
        await assertAsyncProperty(
          fc.asyncProperty(fc.array(connection, { maxLength: 12 }), async (connections) => {
            const run = await start(world, 'chain_100', key);
            const seen: number[] = [];
            for (const { way, take, back } of connections) {
              const from = Math.max(1, seen.length + 1 - back);
              const got = await readSome(run, from, way, take);
              assert.equal(
                got,
                got.map((_, at) => from + at),
              );
              seen.push(...got.filter((seq) => seq > seen.length));
              totals.connections++;
            }
            seen.push(...(await readSome(run, seen.length + 1, 'sse', null)));
            assert.equal(
              seen,
              seen.map((_, at) => at + 1),
            );
            assert.ok(seen.length > 200, `only ${seen.length} events`);
            totals.events += seen.length;
          }),
          { numRuns: 40 },
        );
        assert.ok(totals.connections > 100, JSON.stringify(totals));
      });
    },
    { timeoutMs: 60_000 },
  );
});
