import type { Segment } from '@llmteam/contracts';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { openAll, Reader } from './readers.js';
import { quantile } from './requests.js';
import { keyOf } from './starts.js';
import { type Target, withDev, withNats } from './target.js';

interface Size {
  readonly sockets: number;
  readonly sse: number;
  readonly memoryMb: number;
}

const onOneMachine: Size = { sockets: 2_000, sse: 2_000, memoryMb: 512 };
const onNats: Size = { sockets: 10_000, sse: 2_000, memoryMb: 600 };
const followedRuns = 20;
const steps = 33;

/** Emits about 100 events, then waits for the signal `go`. */
const longStory: Segment = {
  segment_id: 'long_story',
  name: 'Long story',
  entrypoint: 'step_0',
  params: { timeout_seconds: null },
  steps: [
    ...Array.from({ length: steps }, (_, place) => ({ step_id: `step_${place}`, type: 'noop' })),
    { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
  ],
  edges: Array.from({ length: steps }, (_, place) => ({
    from: `step_${place}`,
    to: place + 1 < steps ? `step_${place + 1}` : 'wait',
  })),
};

/** Thousands of readers: memory, fan-out of one event to all of them, and the reconnect storm after a kill. */
export async function streams(): Promise<Row[]> {
  const embedded = await withDev((target) => measure(target, onOneMachine));
  return [...embedded, ...(await withNats((target) => measure(target, onNats)))];
}

async function measure(target: Target, size: Size): Promise<Row[]> {
  const { client } = target;
  await client.storeSegment(longStory);
  const runs = await Promise.all(Array.from({ length: followedRuns }, () => client.startRun('long_story')));
  const runIds = runs.map(({ run_id }) => run_id);
  const total = size.sockets + size.sse;
  const way = (place: number): 'sse' | 'socket' => (place < size.sse ? 'sse' : 'socket');
  const events = await untilWaiting(target, runIds);
  const beforeMb = target.memoryMb();

  const first = await follow(target, runIds, total, way, events);
  const openedMb = target.memoryMb();
  for (const reader of first.readers) reader.close();

  const readyMs = await target.killAndStart();
  const again = await follow(target, runIds, total, way, events);
  const gaps = [...first.readers, ...again.readers].reduce((sum, reader) => sum + reader.gaps, 0);
  for (const reader of again.readers) reader.close();
  const fanned = await fanOut(target, runIds[0] ?? '', total, way, events);
  return rowsOf(target, size, { beforeMb, openedMb, readyMs, againMs: again.tookMs, fanned, gaps, events });
}

/** Waits until every run waits for its signal; returns the number of events, which is the same for all of them. */
async function untilWaiting({ client }: Target, runIds: readonly string[]): Promise<number> {
  for (;;) {
    const pages = await Promise.all(runIds.map((runId) => client.listEvents(runId, { limit: 1_000 })));
    const counts = new Set(pages.map(({ events }) => events.length));
    const [count = 0] = counts;
    if (counts.size === 1 && count >= 3 * steps) return count;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Followed {
  readonly readers: readonly Reader[];
  /** Until every reader had caught up. */
  readonly tookMs: number;
}

async function follow(
  { port, key }: Target,
  runIds: readonly string[],
  total: number,
  way: (place: number) => 'sse' | 'socket',
  events: number,
  onNext: () => void = () => undefined,
): Promise<Followed> {
  const began = performance.now();
  let left = total;
  let allHaveRead: () => void = () => undefined;
  const read = new Promise<void>((resolve) => {
    allHaveRead = resolve;
  });
  const readers = Array.from({ length: total }, (_, place) => {
    const runId = runIds[place % runIds.length] ?? '';
    return new Reader(port, key, runId, (seq) => {
      if (seq === events && --left === 0) allHaveRead();
      if (seq === events + 1) onNext();
    });
  });
  await openAll(readers, way);
  await read;
  return { readers, tookMs: performance.now() - began };
}

/** All readers follow one run, which then gets a signal. Returns per reader the milliseconds until the event arrived. */
async function fanOut(
  target: Target,
  runId: string,
  total: number,
  way: (place: number) => 'sse' | 'socket',
  events: number,
): Promise<number[]> {
  const took: number[] = [];
  let sent = 0;
  let allHaveHeard: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => {
    allHaveHeard = resolve;
  });
  const { readers } = await follow(target, [runId], total, way, events, () => {
    took.push(performance.now() - sent);
    if (took.length === total) allHaveHeard();
  });
  sent = performance.now();
  await target.client.signalRun(runId, 'go');
  await heard;
  for (const reader of readers) reader.close();
  return took;
}

interface Found {
  readonly beforeMb: number;
  readonly openedMb: number;
  readonly readyMs: number;
  readonly againMs: number;
  readonly fanned: readonly number[];
  readonly gaps: number;
  readonly events: number;
}

function rowsOf(target: Target, { sockets, sse, memoryMb }: Size, found: Found): Row[] {
  const { name } = target;
  const readers = `${sockets.toLocaleString('en')} WebSockets and ${sse.toLocaleString('en')} SSE readers`;
  const p99 = quantile(found.fanned, 0.99);
  return [
    {
      key: `streams_mb_${keyOf(target)}`,
      question: `${name}: gateway memory, before and with ${readers}`,
      unit: 'MB',
      measured: { min: found.beforeMb, median: found.openedMb, max: found.openedMb },
      floor: null,
      target: `≤ ${memoryMb} MB`,
      isMet: found.openedMb <= memoryMb,
    },
    {
      key: `streams_ready_ms_${keyOf(target)}`,
      question: `${name}: restart of a gateway after a kill -9 until ready`,
      unit: 'ms',
      measured: spread([found.readyMs]),
      floor: null,
      target: '≤ 1,500 ms',
      isMet: found.readyMs <= 1_500,
    },
    {
      key: `streams_storm_ms_${keyOf(target)}`,
      question: `${name}: all readers reconnected after a kill, ${found.events} events replayed to each, ${found.gaps} gaps`,
      unit: 'ms',
      measured: spread([found.againMs]),
      floor: null,
      target: '≤ 60 s, 0 gaps',
      isMet: found.againMs <= 60_000 && found.gaps === 0,
    },
    {
      key: `streams_fan_out_ms_${keyOf(target)}`,
      question: `${name}: one event delivered to ${found.fanned.length} readers of a run, p50 / p99 / slowest`,
      unit: 'ms',
      measured: { min: quantile(found.fanned, 0.5), median: p99, max: quantile(found.fanned, 1) },
      floor: null,
      target: 'p99 ≤ 1 s',
      isMet: p99 <= 1_000,
    },
  ];
}
