// timeout: 600
// takes: 30
import { once, setMaxListeners } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Segment } from '@llmteam/contracts';
import { LlmteamClient } from '@llmteam/sdk';
import * as assert from 'uvu/assert';
import { withCli } from '../cli/support/cli.js';
import { type Reading, readToTheEnd } from '../gateway/support/persistent-reader.js';
import { echo } from '../gateway/support/segments.js';
import { makeKey } from '../services/support/gateways.js';
import { withInstallation } from '../services/support/installation.js';
import { until } from '../services/support/until.js';
import { spec } from '../support/spec.js';

const readers = 1_000;
const followedRuns = 100;
const startsPerSecond = 50;
const kills = 3;
/** Lets the load reach its steady state. */
const betweenKillsMs = 500;
const patienceMs = 60_000;

/** Emits an event every second until it is cancelled. */
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

/** A gateway that can be killed and comes back on the same port. */
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

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function onNats(use: (target: Target) => Promise<void>): Promise<void> {
  const port = await freePort();
  const environment = { LLMTEAM_GATEWAY_HTTP_PORT: String(port), ...limits };
  await withInstallation({ environment }, async (installation) => {
    await Promise.all([installation.start('coordinator').ready(), installation.start('worker').ready()]);
    const state = { gateway: await installation.start('gateway').ready() };
    const key = await makeKey(installation);
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

async function onOneMachine(use: (target: Target) => Promise<void>): Promise<void> {
  const port = await freePort();
  await withCli(async (cli) => {
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

/** Starts runs at a steady rate, whatever their outcome; returns the ids of those that were accepted. */
async function keepStarting(
  client: LlmteamClient,
  signal: AbortSignal,
): Promise<{ accepted: string[]; refused: number }> {
  const accepted: string[] = [];
  const underWay: Promise<void>[] = [];
  let refused = 0;
  const began = performance.now();
  for (let count = 0; !signal.aborted; count++) {
    await sleep(Math.max(0, began + (count * 1_000) / startsPerSecond - performance.now()));
    const asked = client.startRun('echo', { input_data: { count } }).then(
      ({ run_id }) => void accepted.push(run_id),
      () => void refused++,
    );
    underWay.push(asked);
  }
  await Promise.all(underWay);
  return { accepted, refused };
}

async function check(target: Target): Promise<void> {
  const { port, key } = target;
  const client = new LlmteamClient({ url: `http://127.0.0.1:${port}`, key });
  for (const segment of [ticking, echo]) await client.storeSegment(segment);
  const runs = await Promise.all(Array.from({ length: followedRuns }, () => client.startRun('ticking')));
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const reading = Array.from({ length: readers }, (_, place) =>
    readToTheEnd(() => port, runs[place % followedRuns]?.run_id ?? '', key, over.signal),
  );
  const stopStarting = new AbortController();
  const starting = keepStarting(client, stopStarting.signal);
  for (let kill = 0; kill < kills; kill++) {
    await allFollow(port);
    await sleep(betweenKillsMs);
    await target.kill();
    await target.start();
  }
  await allFollow(port);
  for (const { run_id } of runs) await client.controlRun(run_id, 'cancel');
  const readings = await Promise.all(reading);
  stopStarting.abort();
  const { accepted, refused } = await starting;
  checkReadings(readings);
  for (const runId of accepted) {
    const view = await until(`the end of ${runId}`, async () => {
      const now = await client.getRun(runId, { wait: 10 });
      return now.completed_at === null ? null : now;
    });
    assert.is(view.status, 'completed');
  }
  const connections = readings.reduce((sum, { connections: ofOne }) => sum + ofOne, 0);
  const events = readings.reduce((sum, { seqs }) => sum + seqs.length, 0);
  console.log(JSON.stringify({ kills, readers, connections, events, accepted: accepted.length, refused }));
  assert.ok(connections >= readers * (kills + 1), `${connections} connections`);
  assert.ok(accepted.length >= 100, `${accepted.length} starts were accepted`);
}

async function allFollow(port: number): Promise<void> {
  const count = async (): Promise<boolean> => {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return Number(/^llmteam_gateway_open_streams (\d+)$/m.exec(metrics)?.[1]) >= readers;
  };
  await until(`${readers} open streams`, count, patienceMs);
}

function checkReadings(readings: readonly Reading[]): void {
  for (const { seqs } of readings) {
    assert.ok(seqs.length > 10, `${seqs.length} events`);
    assert.ok(seqs.every((seq, place) => seq === place + 1));
  }
}

spec('a gateway that is killed while 1,000 readers follow runs and 50 starts per second arrive', (test) => {
  test('on NATS: every accepted run ends, and every reader sees each event once', () => onNats(check), {
    timeoutMs: 240_000,
  });

  test('on one machine: every accepted run ends, and every reader sees each event once', () => onOneMachine(check), {
    timeoutMs: 240_000,
  });
});
