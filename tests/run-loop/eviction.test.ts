// own process: measures its memory
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { RunKey, Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { countingJournal } from './counting-journal.js';
import { echo, Partition, type Shared, withBackend } from './partition.js';
import { approval, chain, delay, waiting } from './segments.js';
import { watched } from './watched-kv-store.js';

async function startMany(partition: Partition, segment: Segment, count: number): Promise<RunKey[]> {
  const runs: RunKey[] = [];
  for (let started = 0; started < count; started++) runs.push(await partition.start(segment));
  await partition.settle();
  return runs;
}

/** Used heap after garbage collection. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let round = 0; round < 4; round++) collect();
  return process.memoryUsage().heapUsed;
}

/** Bytes per waiting run that a loop holds, not counting the backend. */
async function bytesPerRun(shared: Shared, segment: Segment, count: number): Promise<number> {
  const held = { partition: new Partition(shared, 'p', echo, { maxResidentRuns: 0 }) as Partition | null };
  await held.partition?.takeOver();
  if (held.partition) await startMany(held.partition, segment, count);
  assert.equal(held.partition?.status().residentRuns, 0);
  assert.is(held.partition?.liveRuns(), count);
  const withLoop = heapBytes();
  await held.partition?.stop();
  held.partition = null;
  return (withLoop - heapBytes()) / count;
}

spec('eviction', (test) => {
  test('an idle run over the limit is evicted once its snapshot is stored, and rehydrated with one read of the key-value store', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv);
      const { journal, read } = countingJournal(shared.backend.journal);
      const partition = new Partition(shared, 'a', echo, { maxResidentRuns: 3, kv, journal });
      await partition.takeOver();
      await partition.work();
      const runs = await startMany(partition, waiting, 10);
      assert.is(partition.status().residentRuns, 3);
      assert.is(kv.writes.filter((write) => write.startsWith('put snapshots/')).length, 7);
      kv.reads.length = 0;
      for (const run of runs) await partition.runs.signal(run, 'go', run.run_id);
      await partition.settle();
      const reads = kv.reads.filter((key) => key.startsWith('snapshots/'));
      assert.ok(reads.length >= 7 && new Set(reads).size === reads.length, reads.join(' '));
      assert.is(read.length, runs.length, 'who sends a signal looks at the history, the loop does not');
      for (const run of runs) assert.is((await partition.view(run)).output, run.run_id);
      await partition.stop();
    }));

  test('while snapshots are rejected no run is evicted; later they are', () =>
    withBackend(async (shared) => {
      const refused = { on: true };
      const kv = watched(shared.backend.kv, (write) => refused.on && write.startsWith('put snapshots/'));
      const partition = new Partition(shared, 'a', echo, { maxResidentRuns: 3, kv });
      await partition.takeOver();
      await partition.work();
      const runs = await startMany(partition, waiting, 10);
      assert.is(partition.status().residentRuns, 10);
      refused.on = false;
      await startMany(partition, chain, 1);
      assert.ok(partition.status().residentRuns <= 3);
      for (const run of runs) await partition.runs.signal(run, 'go', 1);
      await partition.settle();
      assert.is(partition.liveRuns(), 0);
      await partition.stop();
    }));

  test('a run that goes on while its snapshot is being kept stays, and loses nothing', () =>
    withBackend(async (shared) => {
      const held: (() => void)[] = [];
      const kv = watched(shared.backend.kv);
      const { put } = kv;
      kv.put = async (key, value, options) => {
        const revision = await put(key, value, options);
        if (key.startsWith('snapshots/')) await new Promise<void>((resolve) => held.push(resolve));
        return revision;
      };
      const partition = new Partition(shared, 'a', echo, { maxResidentRuns: 0, kv });
      await partition.takeOver();
      const [run] = await startMany(partition, waiting, 1);
      assert.is(held.length, 1);
      await partition.runs.signal(run as RunKey, 'other', 1);
      await partition.settle();
      held.shift()?.();
      await partition.settle();
      assert.is(partition.status().residentRuns, 1);
      await startMany(partition, chain, 1);
      held.shift()?.();
      await partition.settle();
      await partition.work();
      await partition.runs.signal(run as RunKey, 'go', 2);
      assert.is((await partition.view(run as RunKey)).output, 2);
      for (const release of held) release();
      await partition.crash();
    }));

  test('a snapshot of another moment than the one the run left at is not used: its history is read', () =>
    withBackend(async (shared) => {
      const twoWaits: Segment = {
        ...waiting,
        steps: [...waiting.steps, { step_id: 'then', type: 'wait_for_signal', config: { signal: 'other' } }],
        edges: [...(waiting.edges ?? []), { from: 'after', to: 'then' }],
      };
      const partition = new Partition(shared, 'a', echo, { maxResidentRuns: 0 });
      await partition.takeOver();
      await partition.work();
      const [run] = (await startMany(partition, twoWaits, 1)) as [RunKey];
      const key = `snapshots/0/${run.run_id}`;
      const early = await shared.backend.kv.get(key);
      await partition.runs.signal(run, 'other', 'kept');
      await partition.settle();
      assert.is(partition.status().residentRuns, 0);
      await shared.backend.kv.put(key, early?.value ?? null);
      await partition.runs.signal(run, 'go', 1);
      assert.is((await partition.view(run)).output, 'kept');
      assert.is(partition.liveRuns(), 0);
      await partition.stop();
    }));

  test('a run with a job in flight never leaves', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'a', echo, { maxResidentRuns: 0 });
      await partition.takeOver();
      await startMany(partition, chain, 5);
      await startMany(partition, waiting, 5);
      assert.is(partition.status().residentRuns, 5);
      await partition.work();
      await partition.settle();
      assert.is(partition.liveRuns(), 5);
      assert.is(partition.status().residentRuns, 0);
      await partition.stop();
    }));

  test('timers of runs that are away fire in time, thousands at once, and each once', () =>
    withBackend(async (shared) => {
      const { journal, read } = countingJournal(shared.backend.journal);
      const appended: string[] = [];
      const counted = altered(journal, {
        append: (run, entries) => {
          appended.push(...entries.map(({ message_id }) => `${run.run_id} ${message_id}`));
          return journal.append(run, entries);
        },
      });
      const partition = new Partition(shared, 'a', echo, { maxResidentRuns: 10, journal: counted });
      await partition.takeOver();
      await startMany(partition, { ...delay, params: { timeout_seconds: 3_600 } }, 2_500);
      assert.is(partition.status().timers, 2_500 + 10);
      await shared.clock.advance(59_999);
      assert.is(partition.liveRuns(), 2_500);
      read.length = 0;
      await shared.clock.advance(1);
      await partition.settle();
      assert.is(partition.liveRuns(), 0);
      assert.is(partition.status().timers, 0);
      assert.equal(read, []);
      const fired = appended.filter((id) => id.includes('timer:'));
      assert.is(fired.length, 2_500);
      await partition.stop();
    }));

  test('a loop that adopts runs keeps no snapshots: its idle runs come back from their histories', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv);
      const partition = new Partition(shared, 'a', echo, { maxResidentRuns: 3, kv });
      await partition.adopt([]);
      await partition.work();
      const runs = await startMany(partition, waiting, 10);
      assert.is(partition.status().residentRuns, 3);
      for (const run of runs) await partition.runs.signal(run, 'go', run.run_id);
      for (const run of runs) assert.is((await partition.view(run)).output, run.run_id);
      assert.equal(kv.writes, []);
      await partition.stop();
    }));

  test(
    'an evicted waiting run takes less than 1,000 bytes of memory',
    () =>
      withBackend(async (shared) => {
        const bytes = await bytesPerRun(shared, { ...delay, params: { timeout_seconds: 3_600 } }, 5_000);
        assert.ok(bytes > 0 && bytes < 1_000, `${bytes} bytes for a delay and a time limit`);
      }),
    { timeoutMs: 30_000 },
  );

  test(
    'a run that waits for a human task takes no more memory than that',
    () =>
      withBackend(async (shared) => {
        const bytes = await bytesPerRun(shared, approval, 5_000);
        assert.ok(bytes > 0 && bytes < 1_000, `${bytes} bytes for a human task`);
      }),
    { timeoutMs: 30_000 },
  );
});
