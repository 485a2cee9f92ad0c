/** What asking for a run again costs, and that what is kept of it is never out of date. */
import { caps, isLlmteamError, type Journal, LlmteamError, type RunKey } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { echo, Partition, withBackend } from './partition.js';
import { approval } from './segments.js';

/** A journal that counts the entries it yields, and whose runs can be removed as retention does. */
class WatchedJournal {
  entries = 0;
  fails = false;
  readonly removed = new Set<string>();
  readonly journal: Journal;

  constructor(inner: Journal) {
    this.journal = altered(inner, { read: (run, after) => this.read(inner, run, after) });
  }

  private async *read(inner: Journal, run: RunKey, after?: number) {
    if (this.fails) throw new LlmteamError('STORE_FAILED', 'the disk is gone');
    if (this.removed.has(run.run_id)) return;
    for await (const entry of inner.read(run, after)) {
      this.entries++;
      yield entry;
    }
  }
}

function withWatched(work: (partition: Partition, watched: WatchedJournal) => Promise<void>): Promise<void> {
  return withBackend(async (shared) => {
    const watched = new WatchedJournal(shared.backend.journal);
    const partition = new Partition(shared, 'p', echo, { journal: watched.journal });
    await partition.takeOver();
    await partition.work();
    await work(partition, watched);
    await partition.stop();
  });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error) => (isLlmteamError(error) ? error.code : String(error)),
  );
}

spec('kept runs', (test) => {
  test('a signal costs the same whatever came before it', () =>
    withWatched(async (partition, watched) => {
      const run = await partition.start(approval);
      for (let count = 0; count < 300; count++) await partition.runs.signal(run, 'early', count);
      watched.entries = 0;
      await partition.runs.signal(run, 'early', 'one more');
      assert.is(watched.entries, 2, 'the last entry known, and the one since');
    }));

  test('what was asked for is as of now, also when several ask at once', () =>
    withWatched(async (partition) => {
      const run = await partition.start(approval);
      await partition.settle();
      assert.is((await partition.runs.show(run)).status, 'running');
      await partition.runs.control(run, 'pause', 'test');
      const views = await Promise.all(Array.from({ length: 5 }, () => partition.runs.show(run)));
      assert.equal(new Set(views.map(({ status }) => status)), new Set(['paused']));
    }));

  test('a run that was removed is unknown, whatever is kept of it', () =>
    withWatched(async (partition, watched) => {
      const run = await partition.start(approval);
      await partition.runs.show(run);
      watched.removed.add(run.run_id);
      assert.is(await codeOf(partition.runs.show(run)), 'RUN_UNKNOWN');
      assert.is(await codeOf(partition.runs.signal(run, 'early', 1)), 'RUN_UNKNOWN');
    }));

  test('a store that fails is told as such, not as a run or a task that is unknown', () =>
    withWatched(async (partition, watched) => {
      const run = await partition.start(approval);
      await partition.settle();
      watched.fails = true;
      const task = `${run.run_id}:approve`;
      assert.is(await codeOf(partition.runs.show(run)), 'STORE_FAILED');
      assert.is(await codeOf(partition.runs.task('acme', task)), 'STORE_FAILED');
      watched.fails = false;
      assert.is((await partition.runs.show(run)).status, 'running');
    }));

  test('the unread signals of a run are bounded in bytes', () =>
    withWatched(async (partition) => {
      const run = await partition.start(approval);
      const text = 'x'.repeat(500_000);
      const fit = Math.floor(caps.buffered_signal_bytes / (text.length + 2));
      for (let count = 0; count < fit; count++) await partition.runs.signal(run, 'early', text);
      assert.is(await codeOf(partition.runs.signal(run, 'early', text)), 'LIMIT_EXCEEDED');
      await partition.runs.signal(run, 'early', 'short');
    }));

  test('senders that come at once get no more room together', () =>
    withWatched(async (partition) => {
      const run = await partition.start(approval);
      const text = 'x'.repeat(500_000);
      const sent = await Promise.all(
        Array.from({ length: 30 }, () => codeOf(partition.runs.signal(run, 'early', text))),
      );
      const fit = Math.floor(caps.buffered_signal_bytes / (text.length + 2));
      assert.is(sent.filter((code) => code === 'none').length, fit);
    }));
});
