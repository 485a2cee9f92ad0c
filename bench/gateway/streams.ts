import type { Segment } from '@llmteam/contracts';
import { spread } from '../measure.js';
import type { Row } from '../row.js';
import { open_all, Reader } from './readers.js';
import { quantile } from './requests.js';
import { key_of } from './starts.js';
import { type Target, with_dev, with_nats } from './target.js';

interface Size {
  readonly sockets: number;
  readonly sse: number;
  readonly memory_mb: number;
}

const on_one_machine: Size = { sockets: 2_000, sse: 2_000, memory_mb: 512 };
const on_nats: Size = { sockets: 10_000, sse: 2_000, memory_mb: 600 };
const followed_runs = 20;
const steps = 33;

/** About 100 events, then waits for the signal `go`. */
const long_story: Segment = {
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

/** Thousands of readers: the memory, one event to all of them, and all of them coming back after a kill. */
export async function streams(): Promise<Row[]> {
  const embedded = await with_dev((target) => measure(target, on_one_machine));
  return [...embedded, ...(await with_nats((target) => measure(target, on_nats)))];
}

async function measure(target: Target, size: Size): Promise<Row[]> {
  const { client } = target;
  await client.store_segment(long_story);
  const runs = await Promise.all(Array.from({ length: followed_runs }, () => client.start_run('long_story', {})));
  const run_ids = runs.map(({ run_id }) => run_id);
  const total = size.sockets + size.sse;
  const way = (place: number): 'sse' | 'socket' => (place < size.sse ? 'sse' : 'socket');
  const events = await until_waiting(target, run_ids);
  const before_mb = target.memory_mb();

  const first = await follow(target, run_ids, total, way, events);
  const opened_mb = target.memory_mb();
  for (const reader of first.readers) reader.close();

  const ready_ms = await target.kill_and_start();
  const again = await follow(target, run_ids, total, way, events);
  const gaps = [...first.readers, ...again.readers].reduce((sum, reader) => sum + reader.gaps, 0);
  for (const reader of again.readers) reader.close();
  const fanned = await fan_out(target, run_ids[0] ?? '', total, way, events);
  return rows_of(target, size, { before_mb, opened_mb, ready_ms, again_ms: again.took_ms, fanned, gaps, events });
}

/** How many events each run has told so far, all alike. */
async function until_waiting({ client }: Target, run_ids: readonly string[]): Promise<number> {
  for (;;) {
    const pages = await Promise.all(run_ids.map((run_id) => client.list_events(run_id, { limit: 1_000 })));
    const counts = new Set(pages.map(({ events }) => events.length));
    const [count = 0] = counts;
    if (counts.size === 1 && count >= 3 * steps) return count;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

interface Followed {
  readonly readers: readonly Reader[];
  /** Until each had read every event there was. */
  readonly took_ms: number;
}

async function follow(
  { port, key }: Target,
  run_ids: readonly string[],
  total: number,
  way: (place: number) => 'sse' | 'socket',
  events: number,
  on_next: () => void = () => undefined,
): Promise<Followed> {
  const began = performance.now();
  let left = total;
  let all_have_read: () => void = () => undefined;
  const read = new Promise<void>((resolve) => {
    all_have_read = resolve;
  });
  const readers = Array.from({ length: total }, (_, place) => {
    const run_id = run_ids[place % run_ids.length] ?? '';
    return new Reader(port, key, run_id, (seq) => {
      if (seq === events && --left === 0) all_have_read();
      if (seq === events + 1) on_next();
    });
  });
  await open_all(readers, way);
  await read;
  return { readers, took_ms: performance.now() - began };
}

/** All follow one run, which is sent a signal; how long until each reader had the event. In ms. */
async function fan_out(
  target: Target,
  run_id: string,
  total: number,
  way: (place: number) => 'sse' | 'socket',
  events: number,
): Promise<number[]> {
  const took: number[] = [];
  let sent = 0;
  let all_have_heard: () => void = () => undefined;
  const heard = new Promise<void>((resolve) => {
    all_have_heard = resolve;
  });
  const { readers } = await follow(target, [run_id], total, way, events, () => {
    took.push(performance.now() - sent);
    if (took.length === total) all_have_heard();
  });
  sent = performance.now();
  await target.client.signal_run(run_id, 'go');
  await heard;
  for (const reader of readers) reader.close();
  return took;
}

interface Found {
  readonly before_mb: number;
  readonly opened_mb: number;
  readonly ready_ms: number;
  readonly again_ms: number;
  readonly fanned: readonly number[];
  readonly gaps: number;
  readonly events: number;
}

function rows_of(target: Target, { sockets, sse, memory_mb }: Size, found: Found): Row[] {
  const { name } = target;
  const readers = `${sockets.toLocaleString('en')} WebSockets and ${sse.toLocaleString('en')} SSE readers`;
  const p99 = quantile(found.fanned, 0.99);
  return [
    {
      key: `streams_mb_${key_of(target)}`,
      question: `${name}: memory of the gateway, before and with ${readers}`,
      unit: 'MB',
      measured: { min: found.before_mb, median: found.opened_mb, max: found.opened_mb },
      floor: null,
      target: `≤ ${memory_mb} MB`,
      is_met: found.opened_mb <= memory_mb,
    },
    {
      key: `streams_ready_ms_${key_of(target)}`,
      question: `${name}: a gateway after a kill -9, to ready`,
      unit: 'ms',
      measured: spread([found.ready_ms]),
      floor: null,
      target: '≤ 1,500 ms',
      is_met: found.ready_ms <= 1_500,
    },
    {
      key: `streams_storm_ms_${key_of(target)}`,
      question: `${name}: all of them back after a kill, each with ${found.events} events again, ${found.gaps} gaps`,
      unit: 'ms',
      measured: spread([found.again_ms]),
      floor: null,
      target: '≤ 60 s, 0 gaps',
      is_met: found.again_ms <= 60_000 && found.gaps === 0,
    },
    {
      key: `streams_fan_out_ms_${key_of(target)}`,
      question: `${name}: one event to ${found.fanned.length} readers of its run, p50 / p99 / slowest`,
      unit: 'ms',
      measured: { min: quantile(found.fanned, 0.5), median: p99, max: quantile(found.fanned, 1) },
      floor: null,
      target: 'p99 ≤ 1 s',
      is_met: p99 <= 1_000,
    },
  ];
}
