/** Conformance suite of `Journal`; numbers as in contracts/src/ports/journal.ts. */
import * as assert from 'node:assert/strict';
import type { Journal } from '@llmteam/contracts';
import { journalFollowLaws } from './journal-follow-laws.js';
import { journalRemovalLaws } from './journal-removal-laws.js';
import { entriesOf, fact, message, messages, otherRun, run } from './journal-samples.js';
import { checkSupports, firstOf, type Kit, listOf, rejectsWith, withPort, withReopened } from './kit.js';

async function history(journal: Journal, of = run): Promise<string[]> {
  return (await listOf(journal.read(of))).map((entry) => entry.message_id);
}

export function journalConformance(kit: Kit<Journal>): void {
  appendLaws(kit);
  messageIdLaws(kit);
  readLaws(kit);
  jsonLaws(kit);
  journalFollowLaws(kit);
  journalRemovalLaws(kit);
  closeLaws(kit);
}

function appendLaws(kit: Kit<Journal>): void {
  const { test } = kit;

  test('the flags of a journal are known', () => withPort(kit, async (journal) => checkSupports(journal)));

  test('J1 acknowledged entries can be read immediately', () =>
    withPort(kit, async (journal) => {
      await journal.append(run, [message('a')]);
      assert.deepEqual(await history(journal), ['a']);
    }));

  test('J1 acknowledged entries survive a reopen, and positions continue', () =>
    withReopened(
      kit,
      async (journal) => {
        await journal.append(run, messages(3));
        await journal.append(otherRun, [message('b')]);
      },
      async (journal) => {
        const kept = await listOf(journal.read(run));
        assert.deepEqual(
          kept.map((entry) => entry.message_id),
          ['m0', 'm1', 'm2'],
        );
        const last = await journal.end(journal.partitionOf(run));
        const [position = 0] = await journal.append(run, [message('c')]);
        assert.ok(position > last, `position ${position} after ${last}`);
        assert.deepEqual(await history(journal), ['m0', 'm1', 'm2', 'c']);
        assert.deepEqual(await history(journal, otherRun), ['b']);
      },
    ));

  test('J1 J2 nothing of a rejected append is visible, neither its entries nor its message ids', () =>
    withPort(kit, async (journal) => {
      await assert.rejects(journal.append(run, [message('good'), message('bad', 1n)]));
      assert.deepEqual(await history(journal), []);
      assert.deepEqual(await entriesOf(journal, journal.partitionOf(run)), []);
      await journal.append(run, [message('good'), message('bad')]);
      assert.deepEqual(await history(journal), ['good', 'bad']);
    }));

  test('J2 the entries of one append are contiguous among racing appends', () =>
    withPort(kit, async (journal) => {
      const writers = Array.from({ length: 60 }, (_, index) => `w${index}-`);
      await Promise.all(writers.map((prefix) => journal.append(run, messages(5, prefix))));
      const ids = await history(journal);
      const groups = writers.map((_, index) => ids.slice(index * 5, index * 5 + 5));
      for (const group of groups) {
        const prefix = group[0]?.slice(0, -1) ?? '';
        assert.deepEqual(
          group,
          messages(5, prefix).map((entry) => entry.message_id),
        );
      }
      assert.equal(new Set(ids).size, 300);
    }));

  test('an empty append returns no positions and writes nothing', () =>
    withPort(kit, async (journal) => {
      assert.deepEqual(await journal.append(run, []), []);
      assert.equal(await journal.end(journal.partitionOf(run)), 0);
      assert.deepEqual(await history(journal), []);
    }));

  test('J8 the end is the position of the last entry, 0 if there is none', () =>
    withPort(kit, async (journal) => {
      const partition = journal.partitionOf(run);
      assert.equal(await journal.end(partition), 0);
      const positions = await journal.append(run, messages(3));
      assert.equal(await journal.end(partition), positions.at(-1));
      await journal.append(run, messages(3));
      assert.equal(await journal.end(partition), positions.at(-1), 'a repeat does not move it');
    }));

  test('the partition of a run is stable and valid', () =>
    withPort(kit, async (journal) => {
      for (let index = 0; index < 100; index += 1) {
        const key = { tenant_id: 'acme', run_id: `run-${index}` };
        const partition = journal.partitionOf(key);
        assert.equal(journal.partitionOf({ ...key }), partition);
        assert.ok(Number.isInteger(partition) && partition >= 0 && partition < journal.partitions);
      }
    }));
}

function messageIdLaws(kit: Kit<Journal>): void {
  const { test } = kit;

  test('J3 a second append with the same message id writes nothing and returns the first position', () =>
    withPort(kit, async (journal) => {
      const first = await journal.append(run, [message('a', 'first')]);
      await journal.append(run, [message('b')]);
      const second = await journal.append(run, [message('a', 'second')]);
      assert.deepEqual(second, first);
      const entries = await listOf(journal.read(run));
      assert.deepEqual(
        entries.map((entry) => entry.fact),
        [fact('first'), fact('b')],
      );
    }));

  test('J3 the new entries of an append are written even if others have a known message id', () =>
    withPort(kit, async (journal) => {
      const [known] = await journal.append(run, [message('b')]);
      const positions = await journal.append(run, [message('a'), message('b'), message('c')]);
      assert.equal(positions[1], known);
      assert.deepEqual(await history(journal), ['b', 'a', 'c']);
    }));

  test('J3 a message id twice in one append is written once', () =>
    withPort(kit, async (journal) => {
      const [first, second] = await journal.append(run, [message('a', 1), message('a', 2)]);
      assert.equal(first, second);
      assert.deepEqual(
        (await listOf(journal.read(run))).map((entry) => entry.fact),
        [fact(1)],
      );
    }));

  test('J3 of N racing writers with one message id exactly one writes and all get its position', () =>
    withPort(kit, async (journal) => {
      const racing = Array.from({ length: 50 }, (_, index) => journal.append(run, [message('a', index)]));
      const answers = (await Promise.all(racing)).map(([position]) => position);
      const entries = await listOf(journal.read(run));
      assert.equal(entries.length, 1);
      assert.deepEqual(new Set(answers), new Set([entries[0]?.position]));
    }));

  test('J3 the same message id in another run or tenant is a different message', () =>
    withPort(kit, async (journal) => {
      const keys = [
        { tenant_id: 'a.b', run_id: 'c' },
        { tenant_id: 'a', run_id: 'b.c' },
        { tenant_id: 'a', run_id: 'c' },
        { tenant_id: 'a', run_id: 'c.m' },
      ];
      for (const key of keys) await journal.append(key, [message('m'), message('.m')]);
      for (const key of keys) assert.deepEqual(await history(journal, key), ['m', '.m']);
    }));

  test(
    'J3 a message id is still deduplicated 9,999 entries later, also after a reopen',
    () =>
      withPort(kit, async (journal, opened) => {
        const [first] = await journal.append(run, [message('a')]);
        for (let part = 0; part < 101; part += 1) {
          await journal.append(run, messages(99, `p${part}-`));
        }
        assert.deepEqual(await journal.append(run, [message('a')]), [first]);
        const reopened = journal.supports.durable ? await opened.reopen?.() : journal;
        assert.deepEqual(await reopened?.append(run, [message('a')]), [first]);
      }),
    { timeoutMs: 60_000 },
  );
}

function readLaws(kit: Kit<Journal>): void {
  const { test } = kit;

  test('J4 an unknown run has an empty history', () =>
    withPort(kit, async (journal) => {
      await journal.append(run, [message('a')]);
      assert.deepEqual(await history(journal, otherRun), []);
    }));

  test('J4 a run is visible to its tenant only', () =>
    withPort(kit, async (journal) => {
      const foreign = { tenant_id: 'globex', run_id: run.run_id };
      await journal.append(run, [message('a')]);
      assert.deepEqual(await history(journal, foreign), []);
      await journal.append(foreign, [message('b')]);
      assert.deepEqual(await history(journal, foreign), ['b']);
      assert.deepEqual(await history(journal), ['a']);
    }));

  test('J4 an entry has its position, run, message id and fact', () =>
    withPort(kit, async (journal) => {
      const [position] = await journal.append(run, [message('a', { x: 1 })]);
      assert.deepEqual(await listOf(journal.read(run)), [{ position, ...run, message_id: 'a', fact: fact({ x: 1 }) }]);
    }));

  test('J4 positions ascend from 1 in history order, also across interleaved runs', () =>
    withPort(kit, async (journal) => {
      for (let turn = 0; turn < 10; turn += 1) {
        await Promise.all(
          [run, otherRun].map((key) => journal.append(key, [message(`a${turn}`), message(`b${turn}`)])),
        );
      }
      for (const key of [run, otherRun]) {
        const entries = await listOf(journal.read(key));
        assert.equal(entries.length, 20);
        assert.ok((entries[0]?.position ?? 0) >= 1);
        const positions = entries.map((entry) => entry.position);
        assert.deepEqual(
          positions,
          [...new Set(positions)].sort((one, other) => one - other),
        );
        assert.deepEqual(
          entries.slice(0, 4).map((entry) => entry.message_id),
          ['a0', 'b0', 'a1', 'b1'],
        );
      }
    }));

  test('J4 an append returns the positions of its entries', () =>
    withPort(kit, async (journal) => {
      const answered = [...(await journal.append(run, messages(3))), ...(await journal.append(run, messages(2, 'n')))];
      assert.deepEqual(
        (await listOf(journal.read(run))).map((entry) => entry.position),
        answered,
      );
    }));

  test('J4 reading after a position returns what follows it, whether it is before, at or beyond the end', () =>
    withPort(kit, async (journal) => {
      const positions = await journal.append(run, messages(3));
      await journal.append(otherRun, messages(3));
      await journal.append(run, [message('z')]);
      const after = async (position: number) =>
        (await listOf(journal.read(run, position))).map((entry) => entry.message_id);
      assert.deepEqual(await after(0), ['m0', 'm1', 'm2', 'z']);
      assert.deepEqual(await after(positions[0] ?? 0), ['m1', 'm2', 'z']);
      assert.deepEqual(await after(positions[2] ?? 0), ['z']);
      const end = await journal.end(journal.partitionOf(run));
      assert.deepEqual(await after(end), []);
      assert.deepEqual(await after(end + 1_000), []);
    }));

  test('J4 a long history of many small appends is read completely', () =>
    withPort(kit, async (journal) => {
      for (let part = 0; part < 100; part += 1) await journal.append(run, messages(3, `p${part}-`));
      assert.equal(new Set(await history(journal)).size, 300);
    }));

  test('J4 reads return copies', () =>
    withPort(kit, async (journal) => {
      await journal.append(run, [message('a', { list: [1] })]);
      const [entry] = await listOf(journal.read(run));
      assert.ok(entry);
      Object.assign(entry.fact, { payload: 'spoilt' });
      assert.deepEqual(
        (await listOf(journal.read(run))).map((read) => read.fact),
        [fact({ list: [1] })],
      );
    }));

  test('J4 reads are unaffected by changes to a fact after its append', () =>
    withPort(kit, async (journal) => {
      const payload = { list: [1] };
      const appended = journal.append(run, [message('a', payload)]);
      payload.list.push(2);
      await appended;
      payload.list.push(3);
      assert.deepEqual(
        (await listOf(journal.read(run))).map((entry) => entry.fact),
        [fact({ list: [1] })],
      );
    }));
}

function jsonLaws(kit: Kit<Journal>): void {
  const { test } = kit;
  const payloads: Readonly<Record<string, unknown>> = {
    'undefined, which is left out': { a: undefined, b: [undefined, 1], c: { d: undefined } },
    'dates, which become text': { at: new Date(0) },
    'numbers at the edges': [0, -0, 0.1, 1e308, 5e-324, Number.MAX_SAFE_INTEGER, Number.NaN, Number.POSITIVE_INFINITY],
    'astral characters, lone surrogates and control characters': '😀 \u{10ffff} \ud800 \u0000 \u0007 \u2028 \r\n " \\',
    'keys of all kinds': { '': 1, '😀': 2, 'a"b': 3, 'a\nb': 4, constructor: 5, toString: 6 },
    'an own key __proto__': JSON.parse('{"__proto__": {"x": 1}}'),
    'text that looks like part of an entry': ',"fact":{"position":1},\n{"position":2,"tenant_id":"x"}',
    'null, empty and nested values': [null, '', [], {}, [[[{ a: [null] }]]]],
  };
  for (const [name, payload] of Object.entries(payloads)) {
    test(`J6 facts survive as JSON: ${name}`, () =>
      withPort(kit, async (journal) => {
        const written = fact(payload);
        const expected: unknown = JSON.parse(JSON.stringify(written));
        await journal.append(run, [{ message_id: 'a', fact: written }]);
        assert.deepEqual(
          (await listOf(journal.read(run))).map((entry) => entry.fact),
          [expected],
        );
        const followed = await entriesOf(journal, journal.partitionOf(run));
        assert.deepEqual(
          followed.map((entry) => entry.fact),
          [expected],
        );
      }));
  }

  test('J6 facts survive as JSON: a text of 1 MB', () =>
    withPort(kit, async (journal) => {
      const text = 'ж😀x'.repeat(150_000);
      await journal.append(run, [message('a', text), message('b')]);
      assert.deepEqual(
        (await listOf(journal.read(run))).map((entry) => entry.fact),
        [fact(text), fact('b')],
      );
    }));

  test('J6 message ids with any content survive', () =>
    withPort(kit, async (journal) => {
      const ids = ['a"b', ',"fact":', 'x\ny', '😀', 'each[3]/fetch#1', '\\'];
      await journal.append(
        run,
        ids.map((id) => message(id)),
      );
      assert.deepEqual(await history(journal), ids);
      const again = await journal.append(
        run,
        ids.map((id) => message(id)),
      );
      assert.equal(new Set(again).size, ids.length);
      assert.deepEqual(await history(journal), ids);
    }));
}

function closeLaws(kit: Kit<Journal>): void {
  const { test } = kit;

  test('J7 after close every method rejects with CLOSED, and close may be called again', () =>
    withPort(kit, async (journal) => {
      await journal.append(run, [message('a')]);
      await journal.close();
      await rejectsWith('CLOSED', () => journal.append(run, [message('b')]));
      await rejectsWith('CLOSED', () => journal.append(run, []));
      await rejectsWith('CLOSED', () => firstOf(journal.read(run)));
      await rejectsWith('CLOSED', () => firstOf(journal.follow(0, 0, new AbortController().signal)));
      await rejectsWith('CLOSED', () => journal.end(0));
      await journal.close();
    }));

  test('J7 appends issued before close are stored or rejected with CLOSED, those issued after it are rejected', () =>
    withPort(kit, async (journal, opened) => {
      const before = journal.append(run, [message('before')]).then(
        () => ['before'],
        async (error) => {
          await rejectsWith('CLOSED', () => Promise.reject(error));
          return [];
        },
      );
      const closing = journal.close();
      await rejectsWith('CLOSED', () => journal.append(run, [message('after')]));
      await Promise.all([closing, journal.close()]);
      const acknowledged = await before;
      const reopened = journal.supports.durable ? await opened.reopen?.() : undefined;
      if (reopened !== undefined) assert.deepEqual(await history(reopened), acknowledged);
    }));
}
