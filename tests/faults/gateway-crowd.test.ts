// timeout: 600
import { once, setMaxListeners } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Segment } from '@llmteam/contracts';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { with_cli } from '../cli/support/cli.js';
import { type Reading, read_to_the_end } from '../gateway/support/persistent-reader.js';
import { echo } from '../gateway/support/segments.js';
import { make_key } from '../services/support/gateways.js';
import { with_installation } from '../services/support/installation.js';
import { until } from '../services/support/until.js';
import { spec } from '../support/spec.js';

const readers = 1_000;
const followed_runs = 100;
const starts_per_second = 50;
const kills = 3;
/** For the load to be as it is. */
const between_kills_ms = 500;
const patience_ms = 60_000;

/** Says something every second, until it is cancelled. */
const ticking: Segment = {
  segment_id: 'ticking',
  name: 'Ticking',
  entrypoint: 'tick',
  params: { timeout_seconds: null },
  steps: [
    { step_id: 'tick', type: 'loop', config: { loop_type: 'range', items: '1000', max_iterations: 1_000 } },
    { step_id: 'wait', type: 'delay', config: { seconds: 1 } },
    { step_id: 'over', type: 'transform', config: { expression: '"over"' } },
  ],
  edges: [
    { from: 'tick', from_port: 'body', to: 'wait' },
    { from: 'wait', to: 'tick', to_port: 'next' },
    { from: 'tick', from_port: 'done', to: 'over' },
  ],
};

/** A gateway that can be killed, and is at the same port again afterwards. */
interface Target {
  readonly port: number;
  readonly key: string;
  kill(): Promise<void>;
  start(): Promise<void>;
}

const limits = {
  LLMTEAM_GATEWAY_LIMITS_OPEN_STREAMS: '10000',
  LLMTEAM_GATEWAY_LIMITS_STARTS_PER_SECOND: '10000',
  LLMTEAM_GATEWAY_LIMITS_REQUESTS_PER_SECOND: '10000',
};

async function free_port(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function on_nats(use: (target: Target) => Promise<void>): Promise<void> {
  const port = await free_port();
  const environment = { LLMTEAM_GATEWAY_HTTP_PORT: String(port), ...limits };
  await with_installation({ environment }, async (installation) => {
    await Promise.all([installation.start('coordinator').ready(), installation.start('worker').ready()]);
    const state = { gateway: await installation.start('gateway').ready() };
    const key = await make_key(installation);
    await use({
      port,
      key,
      kill: async () => {
        state.gateway.signal('SIGKILL');
        await state.gateway.ended;
      },
      start: async () => {
        state.gateway = await installation.start('gateway').ready();
      },
    });
  });
}

async function on_one_machine(use: (target: Target) => Promise<void>): Promise<void> {
  const port = await free_port();
  await with_cli(async (cli) => {
    const begin = async () => {
      const started = cli.start(['dev', '--port', String(port)], { environment: limits });
      const text = await started.until('an address', ({ stdout }) =>
        /Listening on/.test(stdout) ? stdout : undefined,
      );
      return { started, key: /API key \(shown once\): (\S+)/.exec(text)?.[1] ?? '' };
    };
    const first = await begin();
    const state = { started: first.started };
    await use({
      port,
      key: first.key,
      kill: async () => {
        state.started.signal('SIGKILL');
        await state.started.ended;
      },
      start: async () => {
        state.started = (await begin()).started;
      },
    });
  });
}

/** Starts runs at a steady rate, whatever becomes of them; gives the ids of those that were accepted. */
async function keep_starting(
  client: LlmteamClient,
  signal: AbortSignal,
): Promise<{ accepted: string[]; refused: number }> {
  const accepted: string[] = [];
  const under_way: Promise<void>[] = [];
  let refused = 0;
  const began = performance.now();
  for (let count = 0; !signal.aborted; count++) {
    await sleep(Math.max(0, began + (count * 1_000) / starts_per_second - performance.now()));
    const asked = client.start_run('echo', { count }).then(
      ({ run_id }) => void accepted.push(run_id),
      () => void refused++,
    );
    under_way.push(asked);
  }
  await Promise.all(under_way);
  return { accepted, refused };
}

async function check(target: Target): Promise<void> {
  const { port, key } = target;
  const client = new LlmteamClient({ url: `http://127.0.0.1:${port}`, key });
  for (const segment of [ticking, echo]) await client.store_segment(segment);
  const runs = await Promise.all(Array.from({ length: followed_runs }, () => client.start_run('ticking', {})));
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const reading = Array.from({ length: readers }, (_, place) =>
    read_to_the_end(() => port, runs[place % followed_runs]?.run_id ?? '', key, over.signal),
  );
  const stop_starting = new AbortController();
  const starting = keep_starting(client, stop_starting.signal);
  for (let kill = 0; kill < kills; kill++) {
    await all_follow(port);
    await sleep(between_kills_ms);
    await target.kill();
    await target.start();
  }
  await all_follow(port);
  for (const { run_id } of runs) await client.control_run(run_id, 'cancel');
  const readings = await Promise.all(reading);
  stop_starting.abort();
  const { accepted, refused } = await starting;
  check_readings(readings);
  for (const run_id of accepted) {
    const view = await until(`the end of ${run_id}`, async () => {
      const now = await client.get_run(run_id, { wait: 10 });
      return now.completed_at === null ? null : now;
    });
    assert.is(view.status, 'completed');
  }
  const connections = readings.reduce((sum, { connections: of_one }) => sum + of_one, 0);
  const events = readings.reduce((sum, { seqs }) => sum + seqs.length, 0);
  console.log(JSON.stringify({ kills, readers, connections, events, accepted: accepted.length, refused }));
  assert.ok(connections >= readers * (kills + 1), `${connections} connections`);
  assert.ok(accepted.length >= 100, `${accepted.length} starts were accepted`);
}

async function all_follow(port: number): Promise<void> {
  const count = async (): Promise<boolean> => {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(/^llmteam_gateway_open_streams (\d+)$/m.exec(metrics)?.[1]) >= readers;
  };
  await until(`${readers} open streams`, count, patience_ms);
}

function check_readings(readings: readonly Reading[]): void {
  for (const { seqs } of readings) {
    assert.ok(seqs.length > 10, `${seqs.length} events`);
    assert.ok(seqs.every((seq, place) => seq === place + 1));
  }
}

spec('a gateway that is killed while 1,000 readers follow runs and 50 starts a second arrive', (test) => {
  test('on NATS: every accepted run ends, and every reader sees each event once', () => on_nats(check), {
    timeout_ms: 240_000,
  });

  test('on one machine: every accepted run ends, and every reader sees each event once', () => on_one_machine(check), {
    timeout_ms: 240_000,
  });
});
