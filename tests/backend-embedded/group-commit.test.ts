import type { Entry, Journal } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { entriesOf, message, messages, otherRun, run } from '../conformance/journal-samples.js';
import { Collected, rejectsWith } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { withFolder, withStore } from './store-folder.js';

/** The batches that live followers get while `write` runs, without the empty one. */
async function batchesOf(folder: string, count: number, write: (journal: Journal) => unknown): Promise<number[]> {
  const sizes: number[] = [];
  await withStore(folder, async ({ journal }) => {
    const stop = new AbortController();
    const follower = new Collected<readonly Entry[]>(journal.follow(0, 0, stop.signal));
    await follower.until((batches) => batches.length === 1);
    await write(journal);
    const batches = await follower.until((all) => all.flat().length >= count);
    sizes.push(...batches.slice(1).map((batch) => batch.length));
    stop.abort();
  });
  return sizes;
}
const runOf = (number: number) => ({ tenant_id: 'acme', run_id: `run-${number}` });

spec('group commit', (test) => {
  test('appends of one turn of the event loop reach followers as one batch', () =>
    withFolder(async (folder) => {
      const sizes = await batchesOf(folder, 100, (journal) =>
        Promise.all(Array.from({ length: 100 }, (_, number) => journal.append(runOf(number), [message('m')]))),
      );
      assert.equal(sizes, [100]);
    }));

  test('appends of different turns are committed separately', () =>
    withFolder(async (folder) => {
      const sizes = await batchesOf(folder, 3, async (journal) => {
        for (const entry of messages(3)) await journal.append(run, [entry]);
      });
      assert.equal(sizes, [1, 1, 1]);
    }));

  test('a group is closed at 2,000 entries or 4 Mi characters, and an append is never divided', () =>
    withFolder(async (folder) => {
      const many = await batchesOf(folder, 5_000, (journal) =>
        Promise.all(Array.from({ length: 5_000 }, (_, number) => journal.append(run, [message(`m${number}`)]))),
      );
      assert.equal(many, [2_000, 2_000, 1_000]);
      const text = 'x'.repeat(1_500_000);
      const large = await batchesOf(`${folder}/large`, 6, (journal) =>
        Promise.all(Array.from({ length: 6 }, (_, number) => journal.append(run, [message(`m${number}`, text)]))),
      );
      assert.equal(large, [3, 3]);
      const one = await batchesOf(`${folder}/one`, 3_000, (journal) => journal.append(run, messages(3_000)));
      assert.equal(one, [3_000]);
    }));

  test('an append of more than 64 Mi characters is LIMIT_EXCEEDED and does not affect others', () =>
    withFolder((folder) =>
      withStore(folder, async ({ journal }) => {
        const text = 'x'.repeat(33 * 1024 * 1024);
        const other = journal.append(otherRun, [message('a')]);
        await rejectsWith('LIMIT_EXCEEDED', () => journal.append(run, [message('a', text), message('b', text)]));
        await other;
        assert.is((await entriesOf(journal, 0)).length, 1);
      }),
    ));

  test('a follower of another partition than 0 is a mistake', () =>
    withFolder((folder) =>
      withStore(folder, async ({ journal }) => {
        const failed = await journal.end(1).catch((error) => error);
        assert.instance(failed, RangeError);
      }),
    ));
});
