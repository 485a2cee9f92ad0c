import { type KvStore, LlmteamError, type RunKey, type Segment } from '@llmteam/contracts';
import { WaitFeed, type WaitNote, type WaitNotes } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { echo, type Handler, Partition, type Shared, withBackend } from './partition.js';
import { approval, chain, delay, waiting } from './segments.js';

const never: Handler = () => new Promise(() => undefined);

/** Notes in memory, and how often each run was written. */
class Notes implements WaitNotes {
  readonly outliveLoop = false;
  readonly kept = new Map<string, WaitNote>();
  readonly writes: string[] = [];
  refusals = 0;

  async put(notes: readonly WaitNote[]): Promise<void> {
    if (this.refusals-- > 0) throw new LlmteamError('STORE_FAILED', 'not now');
    for (const note of notes) {
      this.writes.push(`${note.run_id}: ${note.waits.join()}`);
      if (note.waits.length === 0) this.kept.delete(note.run_id);
      else this.kept.set(note.run_id, note);
    }
  }

  async *all(): AsyncIterable<WaitNote> {
    yield* [...this.kept.values()];
  }

  of(runId: string): string | undefined {
    return this.kept.get(runId)?.waits.join();
  }
}

async function withBook(
  use: (here: { partition: Partition; notes: Notes; shared: Shared }) => Promise<void>,
  handler: Handler = echo,
  maxResidentRuns = 100,
): Promise<void> {
  await withBackend(async (shared) => {
    const notes = new Notes();
    const partition = new Partition(shared, 'p', handler, { waitNotes: notes, maxResidentRuns });
    await partition.takeOver();
    await use({ partition, notes, shared });
    await partition.stop();
  });
}

async function started(partition: Partition, segment: Segment, runId: string): Promise<RunKey> {
  const run = await partition.start(segment, {}, runId);
  await partition.settle();
  return run;
}

/** Runs by what they wait for. */
function counted(partition: Partition): Record<string, number> {
  const { quiet, moving } = partition.waiting();
  return { ...Object.fromEntries(quiet.map(({ keys, runs }) => [keys.join(), runs])), moving };
}

spec('the wait book', (test) => {
  test('notes what a run waits for once it was quiet for two seconds, and only once', () =>
    withBook(async ({ partition, notes, shared: { clock } }) => {
      await started(partition, waiting, 'a');
      await clock.advance(1_900);
      assert.equal(notes.writes, []);
      assert.equal(counted(partition), { moving: 1 });
      await clock.advance(700);
      assert.equal(notes.writes, ['a: signal']);
      assert.equal(counted(partition), { signal: 1, moving: 0 });
      assert.equal(notes.kept.get('a')?.started_at, Date.UTC(2026, 0, 1));
      await clock.advance(60_000);
      assert.equal(notes.writes, ['a: signal']);
    }));

  test('asks nothing of the clock while every run is quiet', () =>
    withBook(async ({ partition, shared: { clock } }) => {
      const before = clock.pending;
      await started(partition, waiting, 'a');
      assert.ok(clock.pending > before);
      // The checkpoint that is due then, too.
      await clock.advance(30_000);
      assert.is(clock.pending, before);
    }));

  test('a run that ends within two seconds costs no note; one that was noted loses it', () =>
    withBook(async ({ partition, notes, shared: { clock } }) => {
      const run = await started(partition, waiting, 'a');
      await started(
        partition,
        { ...delay, params: {}, steps: [{ step_id: 'pause', type: 'delay', config: { seconds: 1 } }] },
        'short',
      );
      await clock.advance(3_000);
      assert.equal(notes.writes, ['a: signal']);
      await partition.runs.control(run, 'cancel', 'ada');
      await partition.settle();
      await clock.advance(1_000);
      assert.equal(notes.writes, ['a: signal', 'a: ']);
      assert.equal(counted(partition), { moving: 0 });
    }));

  test('a run that goes on and waits for the same again keeps its note; for something else, it is replaced', () =>
    withBook(async ({ partition, notes, shared: { clock } }) => {
      const again: Segment = {
        ...waiting,
        segment_id: 'again',
        steps: [
          { step_id: 'wait', type: 'wait_for_signal', config: { signal: 'go' } },
          { step_id: 'more', type: 'wait_for_signal', config: { signal: 'more' } },
          { step_id: 'ask', type: 'human_task', config: { task_type: 'approval', title: 'Go?' } },
        ],
        edges: [
          { from: 'wait', to: 'more' },
          { from: 'more', to: 'ask' },
        ],
      };
      const run = await started(partition, again, 'a');
      await clock.advance(3_000);
      await partition.runs.signal(run, 'go', null);
      await partition.settle();
      await clock.advance(3_000);
      assert.equal(notes.writes, ['a: signal']);
      await partition.runs.signal(run, 'more', null);
      await partition.settle();
      assert.is(notes.of('a'), 'signal');
      await clock.advance(3_000);
      assert.equal(notes.writes, ['a: signal', 'a: task']);
    }));

  test('a run that moves for two seconds loses its note until it is quiet', () =>
    withBook(async ({ partition, notes, shared: { clock } }) => {
      const run = await started(partition, approval, 'a');
      await clock.advance(3_000);
      assert.is(notes.of('a'), 'task');
      for (let second = 0; second < 4; second++) {
        const actor = { name: `ann-${second}`, is_admin: true };
        await partition.runs.claim('acme', `${run.run_id}:ask`, {}, actor as never);
        await partition.settle();
        await clock.advance(1_000);
        await partition.runs.unclaim('acme', `${run.run_id}:ask`, actor as never);
        await partition.settle();
      }
      assert.is(notes.of('a'), undefined);
      assert.equal(counted(partition), { moving: 1 });
      await clock.advance(3_000);
      assert.is(notes.of('a'), 'task');
    }));

  test('tells queues, workers and a pause', () =>
    withBook(async ({ partition, notes, shared: { clock } }) => {
      const run = await started(partition, chain, 'a');
      await clock.advance(3_000);
      assert.is(notes.of('a'), 'worker:work@1');
      await partition.work();
      await partition.settle();
      await clock.advance(5_000);
      assert.is(notes.of('a'), 'running:p');
      await partition.runs.control(run, 'pause', 'ada');
      await partition.settle();
      await clock.advance(3_000);
      assert.is(notes.of('a'), 'paused,running:p');
    }, never));

  test('a run that is evicted at once is noted, and so is one that comes back', () =>
    withBook(
      async ({ partition, notes, shared: { clock } }) => {
        const run = await started(partition, waiting, 'a');
        assert.is(partition.status().residentRuns, 0);
        await clock.advance(3_000);
        assert.equal(notes.writes, ['a: signal']);
        await partition.runs.control(run, 'pause', 'ada');
        await partition.settle();
        assert.is(partition.status().residentRuns, 0);
        await clock.advance(3_000);
        assert.equal(notes.writes, ['a: signal', 'a: paused,signal']);
      },
      echo,
      0,
    ));

  test('a refused note is written again, and holds nobody up', () =>
    withBook(async ({ partition, notes, shared: { clock } }) => {
      notes.refusals = 2;
      await started(partition, waiting, 'a');
      await clock.advance(2_700);
      assert.equal(notes.writes, []);
      await clock.advance(1_500);
      assert.equal(notes.writes, ['a: signal']);
    }));

  test('a takeover notes what it finds, writes nothing that is known, and removes what is over', () =>
    withBackend(async (shared) => {
      const notes = new Notes();
      const open = (name: string): Partition => new Partition(shared, name, echo, { waitNotes: notes });
      const first = open('first');
      await first.takeOver();
      for (const runId of ['noted', 'ends', 'unnoted'])
        await started(first, runId === 'unnoted' ? approval : waiting, runId);
      await shared.clock.advance(3_000);
      await first.stop();
      notes.kept.delete('unnoted');
      notes.kept.set('gone', { tenant_id: 'acme', run_id: 'gone', started_at: 1, position: 1, waits: ['timer'] });
      notes.writes.length = 0;
      await first.runs.control({ tenant_id: 'acme', run_id: 'ends' }, 'cancel', 'ada');
      const second = open('second');
      await second.takeOver();
      await second.settle();
      await shared.clock.advance(4_000);
      assert.equal(notes.writes.toSorted(), ['ends: ', 'gone: ', 'unnoted: task']);
      assert.equal([...notes.kept.keys()].sort(), ['noted', 'unnoted']);
      assert.equal(counted(second), { signal: 1, task: 1, moving: 0 });
      await second.stop();
    }));

  test('in a folder the last notes are made when the loop stops, so that lists are right while nobody drives', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      await started(partition, waiting, 'a');
      await partition.stop();
      const { rows } = await shared.backend.index.runs({ tenant_id: 'acme', waits: [{ kind: 'signal' }] });
      assert.equal(
        rows.map(({ run_id, waits }) => [run_id, waits]),
        [['a', ['signal']]],
      );
    }));
});

spec('the feed of waits', (test) => {
  const note = (position: number, ...waits: string[]): WaitNote => ({
    tenant_id: 'acme',
    run_id: 'a',
    started_at: 5,
    position,
    waits,
  });
  const stored = async (kv: KvStore): Promise<unknown> => (await kv.get('waits/3/acme/a'))?.value ?? null;

  test('a note of an earlier position neither replaces nor removes one of a later position', () =>
    withBackend(async ({ backend: { kv } }) => {
      const [old, present] = [new WaitFeed(kv, 3), new WaitFeed(kv, 3)];
      await present.put([note(7, 'signal')]);
      await old.put([note(6, 'task')]);
      await old.put([note(6)]);
      assert.equal(await stored(kv), { started_at: 5, waits: ['signal'], position: 7 });
      await present.put([note(8)]);
      assert.is(await stored(kv), null);
    }));

  test('what is known is not written again, and all notes of the partition can be read', () =>
    withBackend(async ({ backend: { kv } }) => {
      const feed = new WaitFeed(kv, 3);
      await feed.put([note(7, 'signal')]);
      const before = await kv.get('waits/3/acme/a');
      await feed.put([note(9, 'signal')]);
      assert.is((await kv.get('waits/3/acme/a'))?.revision, before?.revision);
      await new WaitFeed(kv, 30).put([note(1, 'task')]);
      const found: object[] = [];
      for await (const one of feed.all()) found.push(one);
      assert.equal(found, [{ tenant_id: 'acme', run_id: 'a', started_at: 5, waits: ['signal'] }]);
    }));
});
