import { Agent, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Segment } from '@llmteam/contracts';
import { defaultLimits } from '@llmteam/gateway';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { type Target, withDev } from './target.js';

const longRuns = 4;
const steps = 5_000;
const seconds = 15;
const lanesPerKind = 8;
const probeEveryMs = 25;
const healthMs = 250;
const memoryMb = 400;

const longStory = chain('long_story', steps, (place) => ({ step_id: `step_${place}`, type: 'noop' }));
/** As large and as full of expressions as a segment may be. */
const largeSegment = chain('large', 9_000, (place) => ({
  step_id: `step_${place}`,
  type: 'transform',
  config: { expression: `[input, ${place}].map(x, x).size() > 1 ? input : null` },
}));

/** How long does a health check wait, and how large does the gateway grow, while a viewer does the most expensive things it may? */
export async function hostileViewer(): Promise<Row[]> {
  const { requests_per_second, open_streams } = defaultLimits;
  return withDev(measure, { requests_per_second, open_streams });
}

async function measure(target: Target): Promise<Row[]> {
  const runIds = await runLongStories(target);
  const key = await target.makeKey('bench', 'viewer');
  const until = performance.now() + seconds * 1_000;
  const idle = openIdleReaders(target.port, key, runIds);
  const load = attack(target.port, key, runIds, until);
  const found = await probe(target, until);
  const answers = await load;
  for (const socket of idle) socket.destroy();
  return rowsOf(found, answers);
}

async function runLongStories({ client }: Target): Promise<string[]> {
  await client.storeSegment(longStory);
  const runs = await Promise.all(Array.from({ length: longRuns }, () => client.startRun('long_story')));
  for (const { run_id } of runs) {
    while ((await client.getRun(run_id, { wait: 60 })).completed_at === null);
  }
  return runs.map(({ run_id }) => run_id);
}

/** As many streams as a tenant may open; none is ever read. */
function openIdleReaders(port: number, key: string, runIds: readonly string[]): Socket[] {
  return Array.from({ length: defaultLimits.open_streams }, (_, place) => {
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => undefined);
    const head = [`GET /api/v1/runs/${runIds[place % runIds.length]}`, ' HTTP/1.1\r\nHost: 127.0.0.1\r\n'];
    const authorization = `Authorization: Bearer ${key}\r\n`;
    const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n`;
    const isSse = place % 2 === 0;
    socket.write(
      head.join(isSse ? '/events' : '/ws') +
        authorization +
        (isSse ? 'Accept: text/event-stream\r\n' : upgrade) +
        '\r\n',
    );
    return socket;
  });
}

/** Returns the number of answers by status. */
async function attack(
  port: number,
  key: string,
  runIds: readonly string[],
  until: number,
): Promise<ReadonlyMap<number, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: 256 });
  const answers = new Map<number, number>();
  const segment = Buffer.from(JSON.stringify(largeSegment));
  const kinds: readonly ((place: number) => Promise<number>)[] = [
    (place) => send({ port, key, agent, path: `/api/v1/runs/${runIds[place % runIds.length]}` }),
    (place) => send({ port, key, agent, path: `/api/v1/runs/${runIds[place % runIds.length]}/events?limit=10000` }),
    (place) =>
      send({ port, key, agent, path: `/api/v1/runs/${runIds[place % runIds.length]}/events?from_seq=${3 * steps}` }),
    () => send({ port, key, agent, path: '/api/v1/segments/validate', body: segment }),
  ];
  const lanes = kinds.flatMap((ask) => Array.from({ length: lanesPerKind }, (_, place) => ({ ask, place })));
  await Promise.all(
    lanes.map(async ({ ask, place }) => {
      for (let count = place; performance.now() < until; count++) {
        const status = await ask(count);
        answers.set(status, (answers.get(status) ?? 0) + 1);
        if (status >= 400) await sleep(100);
      }
    }),
  );
  agent.destroy();
  return answers;
}

interface Sent {
  readonly port: number;
  readonly key: string;
  readonly agent: Agent | false;
  readonly path: string;
  readonly body?: Buffer;
}

/** The status; 0 if the connection broke. */
function send({ port, key, agent, path, body }: Sent): Promise<number> {
  const headers = {
    Authorization: `Bearer ${key}`,
    ...(body !== undefined && { 'Content-Type': 'application/json', 'Content-Length': body.length }),
  };
  const method = body === undefined ? 'GET' : 'POST';
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent }, (answer) => {
      answer.resume();
      answer.once('close', () => resolve(answer.statusCode ?? 0));
    });
    asked.once('error', () => resolve(0));
    asked.end(body);
  });
}

interface Probed {
  readonly tookMs: readonly number[];
  readonly memoryMb: readonly number[];
}

/** Asks for `/health` at a fixed rate, each time on a new connection, whether or not earlier answers have come. */
async function probe({ port, key, memoryMb: residentMb }: Target, until: number): Promise<Probed> {
  const tookMs: Promise<number>[] = [];
  const sizes: number[] = [];
  while (performance.now() < until) {
    const began = performance.now();
    tookMs.push(send({ port, key, agent: false, path: '/health' }).then(() => performance.now() - began));
    sizes.push(residentMb());
    await sleep(probeEveryMs);
  }
  return { tookMs: await Promise.all(tookMs), memoryMb: sizes };
}

function rowsOf({ tookMs, memoryMb: sizes }: Probed, answers: ReadonlyMap<number, number>): Row[] {
  const took = spread(tookMs);
  const size = spread(sizes);
  const statuses = [...answers].sort(([one], [other]) => one - other).map(([status, count]) => `${count} × ${status}`);
  return [
    {
      key: 'hostile_viewer_health_ms',
      question: `health check beside a viewer that validates, replays and never reads (${statuses.join(', ')})`,
      unit: 'ms',
      measured: took,
      floor: null,
      target: `slowest ≤ ${healthMs} ms`,
      isMet: took.max <= healthMs,
    },
    {
      key: 'hostile_viewer_mb',
      question: 'embedded: gateway memory beside a viewer that validates, replays and never reads',
      unit: 'MB',
      measured: size,
      floor: null,
      target: `≤ ${memoryMb} MB`,
      isMet: size.max <= memoryMb,
    },
  ];
}

function chain(segmentId: string, length: number, step: (place: number) => Segment['steps'][number]): Segment {
  return {
    segment_id: segmentId,
    name: segmentId,
    entrypoint: 'step_0',
    params: { timeout_seconds: null },
    steps: Array.from({ length }, (_, place) => step(place)),
    edges: Array.from({ length: length - 1 }, (_, place) => ({ from: `step_${place}`, to: `step_${place + 1}` })),
  };
}
