import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Segment } from '@llmteam/contracts';
import { defaultLimits } from '@llmteam/gateway';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { type Answered, type Ask, Requests } from './requests.js';
import { oneStep } from './starts.js';
import { steadyLoad } from './steady-client.js';
import { type Target, withDev } from './target.js';

const items = 10_000;
const steps = 5_000;
const shortRuns = 1_000;
const seconds = 30;
const connectionsPerKind = 200;
const connectionsForAll = 64;
const probesPerSecond = 40;
/** What docker-compose.yml gives a gateway: without a limit V8 takes what it may. */
const heapLimit = '--max-old-space-size=256';
const healthMs = 250;
const memoryMb = 400;

const longMap: Segment = {
  segment_id: 'long_map',
  name: 'long_map',
  entrypoint: 'each',
  params: { timeout_seconds: null },
  steps: [
    { step_id: 'each', type: 'map', config: { items: 'input', concurrency: 256 } },
    { step_id: 'work', type: 'noop' },
  ],
  edges: [
    { from: 'each', from_port: 'body', to: 'work' },
    { from: 'work', to: 'each', to_port: 'next' },
  ],
};
const longChain = chain('long_chain', steps, (place) => ({ step_id: `step_${place}`, type: 'noop' }));
/** As large and as full of expressions as a segment may be. */
const largeSegment = chain('large', 9_000, (place) => ({
  step_id: `step_${place}`,
  type: 'transform',
  config: { expression: `[input, ${place}].map(x, x).size() > 1 ? input : null` },
}));

/** How long does a health check wait, and how large does the gateway grow, while a viewer does the most expensive things it may? */
export async function hostileViewer(): Promise<Row[]> {
  const { requests_per_second, open_streams } = defaultLimits;
  return withDev(measure, { requests_per_second, open_streams }, heapLimit);
}

async function measure(target: Target): Promise<Row[]> {
  const runIds = await runLongRuns(target);
  const viewer = { port: target.port, key: await target.makeKey('bench', 'viewer') };
  const sizes: number[] = [];
  const watching = setInterval(() => sizes.push(target.memoryMb()), 100);
  const unread = [...openIdleStreams(viewer, runIds), ...openUnreadPages(viewer, runIds)];
  const until = performance.now() + seconds * 1_000;
  const attacking = attack(viewer, runIds, until);
  const load = { ...viewer, perSecond: probesPerSecond, seconds, ask: { path: '/health' }, keepsConnections: false };
  const health = await steadyLoad(load);
  const statuses = await attacking;
  clearInterval(watching);
  for (const socket of unread) socket.destroy();
  return rowsOf(health, sizes, statuses);
}

async function runLongRuns({ client }: Target): Promise<string[]> {
  for (const segment of [longMap, longChain, oneStep]) await client.storeSegment(segment);
  const long = [
    await client.startRun('long_map', { input_data: Array.from({ length: items }, (_, place) => place) }),
    await client.startRun('long_chain'),
  ];
  for (const { run_id } of long) while ((await client.getRun(run_id, { wait: 60 })).completed_at === null);
  for (let run = 0; run < shortRuns; run++) await client.startRun('one_step');
  return long.map(({ run_id }) => run_id);
}

interface Viewer {
  readonly port: number;
  readonly key: string;
}

/** As many streams as a tenant may open, by SSE and WebSocket in turn; none is ever read. */
function openIdleStreams(viewer: Viewer, runIds: readonly string[]): Socket[] {
  const upgrade = `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${'A'.repeat(22)}==\r\n`;
  return Array.from({ length: defaultLimits.open_streams }, (_, place) => {
    const path = `/api/v1/runs/${runIds[place % runIds.length]}`;
    const isSse = Math.floor(place / runIds.length) % 2 === 0;
    const socket = silent(viewer.port);
    socket.write(
      isSse ? head(viewer, `${path}/events`, 'Accept: text/event-stream\r\n') : head(viewer, `${path}/ws`, upgrade),
    );
    return socket;
  });
}

/** Many pages asked for ahead on each connection; none is ever read. */
function openUnreadPages(viewer: Viewer, [runId]: readonly string[]): Socket[] {
  const asked = head(viewer, `/api/v1/runs/${runId}/events?limit=1000`, '').repeat(10);
  return Array.from({ length: 60 }, () => {
    const socket = silent(viewer.port);
    socket.write(asked);
    return socket;
  });
}

function silent(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.pause();
  return socket.on('error', () => undefined);
}

function head({ key }: Viewer, path: string, more: string): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n${more}\r\n`;
}

/** Bursts of each kind of request in turn, then all kinds together. Returns the number of answers by status. */
async function attack(viewer: Viewer, runIds: readonly string[], until: number): Promise<ReadonlyMap<number, number>> {
  const statuses = new Map<number, number>();
  const kinds = expensive(runIds);
  for (let round = 0; performance.now() < until; round++) {
    const kind = kinds[round % (kinds.length + 1)];
    const connections = kind === undefined ? connectionsForAll : connectionsPerKind;
    const requests = new Requests(viewer.port, viewer.key, { keepsConnections: false, connections });
    const answers = await Promise.all((kind ?? inTurn(kinds)).map((ask) => requests.send(ask)));
    requests.close();
    for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (answers.some(({ status }) => status >= 400)) await sleep(500);
  }
  return statuses;
}

function inTurn(kinds: readonly (readonly Ask[])[]): Ask[] {
  const longest = Math.max(...kinds.map(({ length }) => length));
  return Array.from({ length: longest }, (_, place) => kinds.flatMap((kind) => kind[place] ?? [])).flat();
}

function expensive(runIds: readonly string[]): Ask[][] {
  const large = JSON.stringify(largeSegment);
  const ofRuns = (count: number, rest: (place: number) => string): Ask[] =>
    Array.from({ length: count }, (_, place) => ({
      path: `/api/v1/runs/${runIds[place % runIds.length]}${rest(place)}`,
    }));
  return [
    Array.from({ length: 200 }, () => ({ path: '/api/v1/runs?limit=1000' })),
    ofRuns(60, (place) => `/events?limit=10000&from_seq=${1 + place * 100}`),
    ofRuns(60, () => '/steps?limit=1000'),
    ofRuns(200, () => ''),
    [{ path: `/api/v1/runs/${runIds[0]}/steps/each%5B9999%5D%2Fwork` }],
    Array.from({ length: 8 }, () => ({ path: '/api/v1/segments/validate', body: large })),
    Array.from({ length: 200 }, () => ({ path: '/api/v1/segments/long_chain' })),
    Array.from({ length: 200 }, () => ({ path: '/api/v1/openapi.json' })),
  ];
}

function rowsOf(health: readonly Answered[], sizes: readonly number[], statuses: ReadonlyMap<number, number>): Row[] {
  const took = spread(health.map(({ tookMs }) => tookMs));
  const size = spread(sizes);
  const isAlive = health.every(({ status }) => status === 200);
  const answers = [...statuses].sort(([one], [other]) => one - other).map(([status, count]) => `${count} × ${status}`);
  return [
    {
      key: 'hostile_viewer_health_ms',
      question: `health check beside a viewer that lists, replays, validates and never reads (${answers.join(', ')})`,
      unit: 'ms',
      measured: took,
      floor: null,
      target: `slowest ≤ ${healthMs} ms`,
      isMet: isAlive && took.max <= healthMs,
    },
    {
      key: 'hostile_viewer_mb',
      question: 'embedded: gateway memory beside a viewer that lists, replays, validates and never reads',
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
