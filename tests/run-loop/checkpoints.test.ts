import { type Json, LlmteamError, type RunKey } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { anyone } from '../support/actors.js';
import { spec } from '../support/spec.js';
import { countingJournal } from './counting-journal.js';
import { echo, Partition, type Shared, withBackend } from './partition.js';
import { approval, chain, delay, parent, waiting } from './segments.js';
import { type WatchedKvStore, watched } from './watched-kv-store.js';

const intervalMs = 5_000;

async function openPartition(shared: Shared, name: string, options = {}): Promise<Partition> {
  const partition = new Partition(shared, name, echo, options);
  await partition.takeOver();
  await partition.work();
  return partition;
}

/** Time for several checkpoints in a row. */
async function rounds(shared: Shared, partition: Partition, count: number): Promise<void> {
  for (let round = 0; round < count; round++) {
    await shared.clock.advance(intervalMs);
    await partition.settle();
  }
}

async function snapshots({ backend }: Shared): Promise<{ [runId: string]: { position: number; state: Json } }> {
  const kept = await backend.kv.list('snapshots/0/');
  return Object.fromEntries(kept.map(({ key, value }) => [key.slice('snapshots/0/'.length), value as never]));
}

async function checkpoint({ backend }: Shared): Promise<{ position: number }> {
  const kept = await backend.kv.get('checkpoints/0');
  return (kept?.value ?? { position: 0 }) as unknown as { position: number };
}

function putsOfRuns(kv: WatchedKvStore): string[] {
  return kv.writes.filter((write) => write.startsWith('put snapshots/'));
}

const tenantId = 'acme';

async function running(partition: Partition): Promise<string[]> {
  const { rows } = await partition.runs.list({ tenant_id: tenantId, status: 'running', limit: 1_000 });
  return rows.map(({ run_id }) => run_id);
}

/** Some runs begin and end while up to two checkpoints are written. */
async function live(shared: Shared, partition: Partition, chance: number): Promise<void> {
  for (const segment of [waiting, delay, chain, parent]) await partition.start(segment);
  const ids = await running(partition);
  const runId = ids[chance % ids.length];
  if (runId !== undefined && chance % 2 === 1)
    await partition.runs.signal({ tenant_id: tenantId, run_id: runId }, 'go', 1);
  await rounds(shared, partition, chance % 3);
}

spec('checkpoints', (test) => {
  test('a graceful stop stores the position and one key per live run, and none for ended runs', () =>
    withBackend(async (shared) => {
      const first = await openPartition(shared, 'first');
      for (let count = 0; count < 5; count++) await first.start(chain);
      const open = await first.start(waiting);
      await first.settle();
      await first.stop();
      assert.equal(Object.keys(await snapshots(shared)), [open.run_id]);
      assert.is((await checkpoint(shared)).position, await shared.backend.journal.end(0));
    }));

  test('a takeover reads no history of a run whose snapshot is kept, and the run goes on', () =>
    withBackend(async (shared) => {
      const first = await openPartition(shared, 'first');
      const runs = [await first.start(waiting), await first.start(approval), await first.start(delay)];
      await first.settle();
      await first.stop();
      const { journal, read } = countingJournal(shared.backend.journal);
      const second = await openPartition(shared, 'second', { journal });
      assert.equal(read, []);
      assert.is(second.status().residentRuns, 0);
      await second.runs.signal(runs[0] as RunKey, 'go', 'now');
      await second.runs.answer('acme', `${runs[1]?.run_id}:ask`, { decision: 'approve', answered_by: 'ann' }, anyone);
      read.length = 0;
      await second.settle();
      await shared.clock.advance(60_000);
      await second.settle();
      assert.equal(read, []);
      const outputs = await Promise.all(runs.map(async (run) => (await second.view(run)).output));
      assert.equal(outputs, ['now', 'published', {}]);
      await rounds(shared, second, 2);
      assert.equal(await snapshots(shared), {});
      await second.stop();
    }));

  test('runs that end between two checkpoints cost no write of their own', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv);
      const partition = await openPartition(shared, 'a', { kv });
      for (let round = 0; round < 4; round++) {
        for (let count = 0; count < 25; count++) await partition.start(chain);
        await rounds(shared, partition, 1);
      }
      assert.is(partition.liveRuns(), 0);
      assert.equal(
        kv.writes.filter((write) => !write.endsWith('checkpoints/0')),
        [],
      );
      await partition.stop();
    }));

  test('a run that lives longer is kept once, and again only after it changed', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv);
      const partition = await openPartition(shared, 'a', { kv });
      const run = await partition.start(waiting);
      await partition.settle();
      await rounds(shared, partition, 1);
      assert.equal(putsOfRuns(kv), []);
      await rounds(shared, partition, 4);
      assert.equal(putsOfRuns(kv), [`put snapshots/0/${run.run_id}`]);
      await partition.runs.signal(run, 'other', 1);
      await rounds(shared, partition, 4);
      assert.is(putsOfRuns(kv).length, 2);
      await partition.stop();
      assert.is(putsOfRuns(kv).length, 2);
    }));

  test('no checkpoint is written while nothing changes', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv);
      const partition = await openPartition(shared, 'a', { kv });
      await partition.start(waiting);
      await rounds(shared, partition, 4);
      const before = kv.writes.length;
      await rounds(shared, partition, 10);
      assert.is(kv.writes.length, before);
      assert.is((await checkpoint(shared)).position, 1);
      await partition.stop();
    }));

  test('a checkpoint is due after so many entries, however little time has passed', () =>
    withBackend(async (shared) => {
      const partition = await openPartition(shared, 'a', { checkpointEvery: 10 });
      const open = await partition.start(waiting);
      for (let second = 0; second < 4; second++) {
        for (let count = 0; count < 5; count++) await partition.start(chain);
        await partition.settle();
        await shared.clock.advance(1_000);
      }
      assert.ok((await checkpoint(shared)).position > 40);
      assert.equal(Object.keys(await snapshots(shared)), [open.run_id]);
      await partition.crash();
    }));

  test('after a crash between any two checkpoints exactly the live runs are restored', () =>
    withBackend(async (shared) => {
      let partition = await openPartition(shared, 'p0', { maxResidentRuns: 4 });
      await partition.publish(chain);
      for (let life = 1; life <= 12; life++) {
        for (let turn = 0; turn < life % 5; turn++) await live(shared, partition, life * (turn + 1));
        await partition.settle();
        await partition.crash();
        partition = await openPartition(shared, `p${life}`, { maxResidentRuns: 4 });
        await partition.settle();
        const ids = await running(partition);
        assert.is(partition.liveRuns(), ids.length, `life ${life}`);
      }
      for (const runId of await running(partition))
        await partition.runs.signal({ tenant_id: tenantId, run_id: runId }, 'go', 1);
      await shared.clock.advance(60_000);
      await rounds(shared, partition, 3);
      assert.equal(await running(partition), []);
      assert.is(partition.liveRuns(), 0);
      assert.equal(await snapshots(shared), {});
      assert.equal(partition.failures, []);
      await partition.stop();
    }));

  test('a key that a crash left of a run that is over goes with the next takeover', () =>
    withBackend(async (shared) => {
      const first = await openPartition(shared, 'first');
      const run = await first.start(waiting);
      await rounds(shared, first, 3);
      await first.runs.signal(run, 'go', 1);
      assert.is((await first.view(run)).status, 'completed');
      await first.crash();
      assert.equal(Object.keys(await snapshots(shared)), [run.run_id]);
      const second = await openPartition(shared, 'second');
      assert.is(second.liveRuns(), 0);
      await rounds(shared, second, 2);
      assert.equal(await snapshots(shared), {});
      await second.stop();
    }));

  test('while a snapshot is refused the checkpoint stays, and nothing is lost by a crash', () =>
    withBackend(async (shared) => {
      const refused = { on: false };
      const kv = watched(shared.backend.kv, (write) => refused.on && write.startsWith('put snapshots/'));
      const first = await openPartition(shared, 'first', { kv });
      await rounds(shared, first, 2);
      refused.on = true;
      const run = await first.start(waiting);
      await rounds(shared, first, 5);
      assert.is((await checkpoint(shared)).position, 0);
      await first.crash();
      const second = await openPartition(shared, 'second');
      assert.is(second.liveRuns(), 1);
      await second.runs.signal(run, 'go', 'kept');
      assert.is((await second.view(run)).output, 'kept');
      await second.stop();
    }));

  test('once the key-value store accepts snapshots again the checkpoint advances', () =>
    withBackend(async (shared) => {
      const refused = { on: true };
      const kv = watched(shared.backend.kv, (write) => refused.on && write.startsWith('put snapshots/'));
      const partition = await openPartition(shared, 'a', { kv });
      const run = await partition.start(waiting);
      await rounds(shared, partition, 4);
      refused.on = false;
      await rounds(shared, partition, 3);
      assert.is((await checkpoint(shared)).position, 1);
      assert.equal(Object.keys(await snapshots(shared)), [run.run_id]);
      await partition.stop();
    }));

  test('while the key of a run that is over cannot be removed the checkpoint stays before its end', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv, (write) => write.startsWith('delete snapshots/'));
      const first = await openPartition(shared, 'first', { kv });
      const run = await first.start(waiting);
      await rounds(shared, first, 3);
      await first.runs.signal(run, 'go', 1);
      await rounds(shared, first, 3);
      assert.is((await checkpoint(shared)).position, 1);
      await first.crash();
      const second = await openPartition(shared, 'second');
      assert.is(second.liveRuns(), 0);
      await second.stop();
      assert.equal(await snapshots(shared), {});
    }));

  test('while the lists refuse what they are told the checkpoint stays, and a takeover tells it again', () =>
    withBackend(async (shared) => {
      const lists = { apply: () => Promise.reject(new LlmteamError('STORE_FAILED', 'the test refuses')) };
      const first = await openPartition(shared, 'first', { lists });
      await first.start(approval);
      await rounds(shared, first, 4);
      assert.is((await checkpoint(shared)).position, 0);
      await first.stop();
      assert.equal((await first.runs.tasks({ tenant_id: 'acme' })).rows, []);
      const second = await openPartition(shared, 'second');
      await second.settle();
      assert.is((await second.runs.tasks({ tenant_id: 'acme' })).rows.length, 1);
      await second.stop();
    }));

  test('a state too large for the key-value store has a key without a snapshot, and its history is read', () =>
    withBackend(async (shared) => {
      const first = await openPartition(shared, 'first');
      const run = await first.start(waiting, { text: 'x'.repeat(250_000) });
      await first.settle();
      await first.stop();
      assert.is((await snapshots(shared))[run.run_id]?.state, null);
      const { journal, read } = countingJournal(shared.backend.journal);
      const second = await openPartition(shared, 'second', { journal });
      assert.equal(read, [run.run_id]);
      await second.runs.signal(run, 'go', 'now');
      assert.is((await second.view(run)).output, 'now');
      await second.stop();
    }));

  test('a snapshot of another engine version is not used: the history is read, and kept anew', () =>
    withBackend(async (shared) => {
      const first = await openPartition(shared, 'first');
      const run = await first.start(waiting);
      await first.settle();
      await first.stop();
      const key = `snapshots/0/${run.run_id}`;
      const kept = (await shared.backend.kv.get(key))?.value as { state: { engine_version: string } };
      await shared.backend.kv.put(key, { ...kept, state: { ...kept.state, engine_version: '0.0.1' } } as never);
      const { journal, read } = countingJournal(shared.backend.journal);
      const second = await openPartition(shared, 'second', { journal });
      assert.equal(read, [run.run_id]);
      await rounds(shared, second, 3);
      const again = (await snapshots(shared))[run.run_id]?.state as { engine_version: string } | undefined;
      assert.is.not(again?.engine_version, '0.0.1');
      await second.stop();
    }));

  test('a checkpoint of another format, or one that makes no sense, is as good as none', () =>
    withBackend(async (shared) => {
      const first = await openPartition(shared, 'first');
      const run = await first.start(waiting);
      await first.settle();
      await first.crash();
      for (const value of [{ position: 1, live: [] }, null, 'text', { format: 2, position: 'x' }] as Json[]) {
        await shared.backend.kv.put('checkpoints/0', value);
        const next = await openPartition(shared, 'next');
        assert.is(next.liveRuns(), 1);
        await next.crash();
      }
      const last = await openPartition(shared, 'last');
      await last.runs.signal(run, 'go', 'now');
      assert.is((await last.view(run)).output, 'now');
      await last.stop();
    }));

  test('a key that cannot be read lets a takeover begin at the beginning, and goes', () =>
    withBackend(async (shared) => {
      const first = await openPartition(shared, 'first');
      const run = await first.start(waiting);
      const timed = await first.start(delay);
      await first.settle();
      await first.stop();
      await shared.backend.kv.put(`snapshots/0/${run.run_id}`, 'spoilt');
      await shared.backend.kv.put('snapshots/0/zzz', { position: 1 });
      const second = await openPartition(shared, 'second');
      assert.is(second.liveRuns(), 2);
      assert.is(second.status().timers, 1);
      await rounds(shared, second, 3);
      assert.equal(Object.keys(await snapshots(shared)).sort(), [run.run_id, timed.run_id].sort());
      await second.stop();
    }));

  test('a journal that ends before its checkpoint is refused', () =>
    withBackend(async (shared) => {
      const first = await openPartition(shared, 'first');
      await first.start(waiting);
      await first.settle();
      await first.stop();
      await withBackend(async (empty) => {
        const mixed = { ...shared, backend: { ...empty.backend, kv: shared.backend.kv } };
        const second = new Partition(mixed, 'second', echo);
        const thrown = await second.takeOver().catch((error: unknown) => error);
        assert.is((thrown as LlmteamError).code, 'STORE_CORRUPT');
        assert.match((thrown as LlmteamError).message, 'ends at 0, before its checkpoint at 1');
      });
    }));

  test(
    'more runs than one page of keys holds are all taken over',
    () =>
      withBackend(async (shared) => {
        const first = await openPartition(shared, 'first');
        const runs: RunKey[] = [];
        for (let count = 0; count < 1_200; count++) runs.push(await first.start(waiting));
        await first.settle();
        await first.stop();
        const second = await openPartition(shared, 'second');
        assert.is(second.liveRuns(), 1_200);
        for (const run of runs) await second.runs.signal(run, 'go', 1);
        await second.settle();
        assert.is(second.liveRuns(), 0);
        await second.stop();
      }),
    { timeoutMs: 30_000 },
  );
});
