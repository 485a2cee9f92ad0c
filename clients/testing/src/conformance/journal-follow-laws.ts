/** J5 of `Journal`: followers. */
import * as assert from 'node:assert/strict';
import type { Entry, Journal, NewEntry } from '@llmteam/contracts';
import { entriesOf, message, messages, otherRun, run } from './journal-samples.js';
import { Collected, type Kit, withPort } from './kit.js';

type Batches = readonly (readonly Entry[])[];

const ids = (batches: Batches) => batches.flat().map((entry) => entry.message_id);
const has = (count: number) => (batches: Batches) => batches.flat().length >= count;
const caughtUp = (batches: Batches) => batches.some((batch) => batch.length === 0);

/** Follows the partition of `run` until `use` settles. */
async function withFollower(
  journal: Journal,
  from: number,
  use: (follower: Collected<readonly Entry[]>, stop: () => void) => Promise<void>,
): Promise<void> {
  const control = new AbortController();
  const follower = new Collected(journal.follow(journal.partitionOf(run), from, control.signal));
  try {
    await use(follower, () => control.abort());
  } finally {
    control.abort();
  }
}

export function journalFollowLaws(kit: Kit<Journal>): void {
  const { test } = kit;

  test('J5 followers that start before, during or after the writes see the same entries', () =>
    withPort(kit, async (journal) => {
      await withFollower(journal, 0, async (before) => {
        await before.until(caughtUp);
        for (let index = 0; index < 20; index += 1) await journal.append(run, messages(2, `a${index}-`));
        await withFollower(journal, 0, async (during) => {
          const writes = Array.from({ length: 40 }, (_, index) => journal.append(run, messages(3, `b${index}-`)));
          await Promise.all(writes);
          const expected = await entriesOf(journal, journal.partitionOf(run));
          assert.equal(expected.length, 160);
          for (const follower of [before, during]) assert.deepEqual((await follower.until(has(160))).flat(), expected);
        });
      });
    }));

  test('J5 followers see exactly what readers see', () =>
    withPort(kit, async (journal) => {
      await journal.append(run, [message('a', { x: ['y'] }), message('b')]);
      const read: Entry[] = [];
      for await (const entry of journal.read(run)) read.push(entry);
      assert.deepEqual(await entriesOf(journal, journal.partitionOf(run)), read);
    }));

  test('J5 a follower of run-level facts gets all of them, in order, and catches up', () =>
    withPort(kit, async (journal) => {
      const at = 1;
      const fact = { type: 'run.controlled', at, action: 'pause', by: 'test' } as const;
      const paused = (id: string): NewEntry => ({ message_id: id, fact });
      await journal.append(run, [paused('a')]);
      await journal.append(run, messages(40, 'steps-'));
      await journal.append(run, [paused('b'), message('with-b')]);
      const control = new AbortController();
      const partition = journal.partitionOf(run);
      const follower = new Collected(journal.follow(partition, 0, control.signal, { only: 'run_level' }));
      const wanted = (batches: Batches) => ids(batches).filter((id) => id.length === 1);
      await follower.until(caughtUp);
      await journal.append(run, messages(1, 'more-'));
      await journal.append(run, [paused('c')]);
      const seen = await follower.until((batches) => wanted(batches).length >= 3);
      assert.deepEqual(wanted(seen), ['a', 'b', 'c']);
      const positions = seen.flat().map(({ position }) => position);
      assert.deepEqual(
        positions,
        [...new Set(positions)].sort((one, other) => one - other),
      );
      control.abort();
      await follower.ended;
      const [, second] = seen.flat().filter(({ message_id }) => message_id.length === 1);
      const again = new AbortController();
      const later = new Collected(
        journal.follow(partition, second?.position ?? 0, again.signal, { only: 'run_level' }),
      );
      assert.deepEqual(wanted(await later.until((batches) => wanted(batches).length >= 1)), ['c']);
      again.abort();
      await later.ended;
    }));

  test('J5 positions ascend, and every entry arrives once', () =>
    withPort(kit, async (journal) => {
      await withFollower(journal, 0, async (follower) => {
        for (let part = 0; part < 30; part += 1) {
          await Promise.all([
            journal.append(run, messages(3, `a${part}-`)),
            journal.append(run, messages(1, `b${part}-`)),
          ]);
        }
        const positions = (await follower.until(has(120))).flat().map((entry) => entry.position);
        assert.deepEqual(
          positions,
          [...new Set(positions)].sort((one, other) => one - other),
        );
        assert.equal(positions.length, 120);
      });
    }));

  test('J5 a follower gets exactly the entries after its position, wherever that is', () =>
    withPort(kit, async (journal) => {
      const positions = [...(await journal.append(run, messages(4))), ...(await journal.append(run, messages(3, 'n')))];
      const all = ['m0', 'm1', 'm2', 'm3', 'n0', 'n1', 'n2'];
      for (const [index, position] of positions.entries()) {
        const entries = await entriesOf(journal, journal.partitionOf(run), position);
        assert.deepEqual(
          entries.map((entry) => entry.message_id),
          all.slice(index + 1),
        );
      }
    }));

  test('J5 one empty batch arrives, after the entries that existed at the start', () =>
    withPort(kit, async (journal) => {
      await journal.append(run, messages(3));
      await journal.append(run, messages(3, 'n'));
      await withFollower(journal, 0, async (follower) => {
        const atStart = [...(await follower.until(caughtUp))];
        assert.deepEqual(ids(atStart), ['m0', 'm1', 'm2', 'n0', 'n1', 'n2']);
        assert.deepEqual(atStart.at(-1), []);
        for (let part = 0; part < 5; part += 1) await journal.append(run, messages(2, `p${part}-`));
        const all = await follower.until(has(16));
        assert.equal(all.filter((batch) => batch.length === 0).length, 1);
      });
    }));

  test('J5 a follower of an empty journal has caught up immediately and stays live', () =>
    withPort(kit, async (journal) => {
      await withFollower(journal, 0, async (follower) => {
        assert.deepEqual(await follower.until(caughtUp), [[]]);
        await journal.append(run, [message('a')]);
        await journal.append(run, [message('b')]);
        assert.deepEqual(ids(await follower.until(has(2))), ['a', 'b']);
      });
    }));

  test('J5 a follower from beyond the end gets nothing before its position', () =>
    withPort(kit, async (journal) => {
      const partition = journal.partitionOf(run);
      const [one = 0] = await journal.append(run, [message('one')]);
      const [two = 0] = await journal.append(run, [message('two')]);
      const start = (await journal.end(partition)) + 2 * (two - one);
      await withFollower(journal, start, async (follower) => {
        await follower.until(caughtUp);
        for (let index = 0; index < 10; index += 1) await journal.append(run, [message(`n${index}`)]);
        const expected = await entriesOf(journal, partition, start);
        assert.ok(expected.length > 0 && expected.length < 10);
        assert.deepEqual((await follower.until(has(expected.length))).flat(), expected);
      });
    }));

  test('J5 a repeated message id is not delivered again', () =>
    withPort(kit, async (journal) => {
      await withFollower(journal, 0, async (follower) => {
        await journal.append(run, [message('a')]);
        await journal.append(run, [message('a')]);
        await journal.append(run, [message('b')]);
        assert.deepEqual(ids(await follower.until(has(2))), ['a', 'b']);
      });
    }));

  test('J5 a follower gets the entries of all runs of the partition, each run in order', () =>
    withPort(kit, async (journal) => {
      const keys = Array.from({ length: 20 }, (_, index) => ({ tenant_id: 'acme', run_id: `run-${index}` }));
      await Promise.all(keys.map((key) => journal.append(key, messages(3))));
      const partitions = Array.from({ length: journal.partitions }, (_, partition) => partition);
      const byPartition = await Promise.all(partitions.map((partition) => entriesOf(journal, partition)));
      for (const key of keys) {
        const entries = byPartition[journal.partitionOf(key)]?.filter((entry) => entry.run_id === key.run_id) ?? [];
        assert.deepEqual(
          entries.map((entry) => entry.message_id),
          ['m0', 'm1', 'm2'],
        );
      }
      assert.equal(byPartition.flat().length, 60);
    }));

  test('J5 a follower ends when its signal aborts: while waiting, while working, and before starting', () =>
    withPort(kit, async (journal) => {
      await journal.append(run, messages(3));
      await withFollower(journal, 0, async (waiting, stop) => {
        await waiting.until(caughtUp);
        stop();
        await waiting.ended;
      });
      const working = new AbortController();
      for await (const _ of journal.follow(journal.partitionOf(run), 0, working.signal)) working.abort();
      await withFollower(journal, 0, async (follower) => {
        await follower.until(has(3));
      });
      assert.deepEqual(await new Collected(journal.follow(0, 0, AbortSignal.abort())).ended, undefined);
    }));

  test('J5 a follower that ends does not affect the others', () =>
    withPort(kit, async (journal) => {
      await withFollower(journal, 0, async (stays) => {
        await withFollower(journal, 0, async (goes, stop) => {
          await goes.until(caughtUp);
          stop();
          await goes.ended;
        });
        await journal.append(run, [message('a')]);
        assert.deepEqual(ids(await stays.until(has(1))), ['a']);
      });
    }));

  test('J5 live followers end without an error when the journal closes', () =>
    withPort(kit, async (journal) => {
      await withFollower(journal, 0, async (follower) => {
        await follower.until(caughtUp);
        await journal.close();
        await follower.ended;
      });
    }));

  test('J5 every follower gets its own copies', () =>
    withPort(kit, async (journal) => {
      await withFollower(journal, 0, async (one) => {
        await withFollower(journal, 0, async (other) => {
          await Promise.all([one.until(caughtUp), other.until(caughtUp)]);
          const written = message('a', { list: [1] });
          await journal.append(run, [written]);
          const [entry] = (await one.until(has(1))).flat();
          assert.ok(entry);
          Object.assign(entry.fact, { payload: 'spoilt' });
          assert.deepEqual(
            (await other.until(has(1))).flat().map(({ fact }) => fact),
            [written.fact],
          );
          assert.deepEqual(
            (await entriesOf(journal, journal.partitionOf(run))).map(({ fact }) => fact),
            [written.fact],
          );
        });
      });
    }));

  test(
    'J5 a slow follower misses nothing that is written while it is busy',
    () =>
      withPort(kit, async (journal) => {
        const text = 'x'.repeat(100_000);
        const control = new AbortController();
        const iterator = journal.follow(journal.partitionOf(run), 0, control.signal)[Symbol.asyncIterator]();
        assert.deepEqual((await iterator.next()).value, []);
        for (let part = 0; part < 120; part += 1) {
          await journal.append(run, [message(`big${part}`, text)]);
          await journal.append(otherRun, [message(`other${part}`)]);
        }
        const total = (await entriesOf(journal, journal.partitionOf(run))).length;
        const seen: number[] = [];
        while (seen.length < total) {
          const { value } = await iterator.next();
          for (const entry of value ?? []) seen.push(entry.position);
        }
        assert.deepEqual(
          seen,
          [...new Set(seen)].sort((one, other) => one - other),
        );
        assert.ok(total >= 120);
        control.abort();
      }),
    { timeoutMs: 60_000 },
  );
}
