import type { RunAccepted } from '@llmteam/contracts';
import fc from 'fast-check';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { chain, waiting } from './support/segments.js';
import { open_socket } from './support/socket-client.js';
import { open_sse } from './support/sse-client.js';
import { until } from './support/until.js';
import { type GatewayWorld, with_gateway, with_segments } from './support/with-gateway.js';

interface Followed {
  readonly port: number;
  readonly key: string;
  readonly run_id: string;
}

/** Reads some events over either way, and goes away. Gives the seqs it saw, all of the rest if `take` is null. */
async function read_some(
  run: Followed,
  from_seq: number,
  way: 'sse' | 'socket',
  take: number | null,
): Promise<number[]> {
  const { port, run_id, key } = run;
  if (way === 'sse') {
    const stream = await open_sse(port, run_id, key, { 'Last-Event-ID': String(from_seq - 1) });
    await enough(stream.ended, stream.seqs, take);
    const seen = [...stream.seqs];
    stream.destroy();
    await stream.ended;
    return seen;
  }
  const stream = open_socket(port, run_id, { key, from_seq });
  await enough(stream.closed, stream.seqs, take);
  const seen = [...stream.seqs];
  stream.socket.terminate();
  await stream.closed;
  return seen;
}

async function enough(over: Promise<unknown>, seqs: readonly number[], take: number | null): Promise<void> {
  let is_over = false;
  const end = over.then(() => {
    is_over = true;
  });
  if (take === null) await end;
  else await until(() => is_over || seqs.length >= take);
}

async function start(world: GatewayWorld, segment_id: string, key: string): Promise<Followed> {
  const client = await world.client();
  const { run_id } = (await client.post<RunAccepted>(`/api/v1/segments/${segment_id}/runs`)).json;
  return { port: world.port, key, run_id };
}

const connection = fc.record({
  way: fc.constantFrom('sse' as const, 'socket' as const),
  take: fc.integer({ min: 0, max: 40 }),
  /** How far to go back on purpose. */
  back: fc.integer({ min: 0, max: 5 }),
});

spec('whoever comes back with the last seq it saw', (test) => {
  test(
    'has seen every event once and in order, wherever it was cut off, while the run goes on',
    async () => {
      await with_gateway(async (world) => {
        await with_segments(await world.client(), chain(100), waiting);
        const { key } = await world.keys.create({ tenant_id: 'acme', role: 'viewer', name: 'r', expires_at: null });
        const totals = { connections: 0, events: 0 };
        await fc.assert(
          fc.asyncProperty(fc.array(connection, { maxLength: 12 }), async (connections) => {
            const run = await start(world, 'chain_100', key);
            const seen: number[] = [];
            for (const { way, take, back } of connections) {
              const from = Math.max(1, seen.length + 1 - back);
              const got = await read_some(run, from, way, take);
              assert.equal(
                got,
                got.map((_, at) => from + at),
              );
              seen.push(...got.filter((seq) => seq > seen.length));
              totals.connections++;
            }
            seen.push(...(await read_some(run, seen.length + 1, 'sse', null)));
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
    { timeout_ms: 60_000 },
  );
});
