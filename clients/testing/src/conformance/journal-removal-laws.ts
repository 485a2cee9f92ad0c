/** The laws of `Journal.remove`. */
import * as assert from 'node:assert/strict';
import { caps, type Journal } from '@llmteam/contracts';
import { entriesOf, message, messages, otherRun, run } from './journal-samples.js';
import { type Kit, listOf, rejectsWith, withPort, withReopened } from './kit.js';

async function idsOf(journal: Journal, of = run): Promise<string[]> {
  return (await listOf(journal.read(of))).map((entry) => entry.message_id);
}

async function followed(journal: Journal): Promise<string[]> {
  const all = new Set([run, otherRun].map((key) => journal.partitionOf(key)));
  const entries = await Promise.all([...all].map((partition) => entriesOf(journal, partition)));
  return entries.flat().map(({ run_id, message_id }) => `${run_id} ${message_id}`);
}

/** Two runs whose entries are interleaved, some in one append and one of them too large for a message. */
async function appendBoth(journal: Journal): Promise<void> {
  await Promise.all([journal.append(run, messages(3)), journal.append(otherRun, messages(2))]);
  await journal.append(run, [message('large', 'x'.repeat(caps.inline_value_bytes * 10))]);
  await journal.append(otherRun, [message('last')]);
}

export function journalRemovalLaws(kit: Kit<Journal>): void {
  const { test } = kit;

  test('J9 a removed history is neither read nor followed, and others keep theirs with their positions', () =>
    withPort(kit, async (journal) => {
      await appendBoth(journal);
      const others = await listOf(journal.read(otherRun));
      const end = await journal.end(journal.partitionOf(run));
      await journal.remove(run);
      assert.deepEqual(await idsOf(journal), []);
      assert.deepEqual(await listOf(journal.read(otherRun)), others);
      assert.deepEqual(await followed(journal), ['run-2 m0', 'run-2 m1', 'run-2 last']);
      assert.equal(await journal.end(journal.partitionOf(run)), end, 'positions are not given again');
    }));

  test('J9 a removal survives a reopen, and the journal goes on', () =>
    withReopened(
      kit,
      async (journal) => {
        await appendBoth(journal);
        await journal.remove(run);
      },
      async (journal) => {
        assert.deepEqual(await idsOf(journal), []);
        assert.deepEqual(await idsOf(journal, otherRun), ['m0', 'm1', 'last']);
        await journal.append(run, [message('again')]);
        assert.deepEqual(await idsOf(journal), ['again']);
        assert.deepEqual((await followed(journal)).sort(), ['run-1 again', 'run-2 last', 'run-2 m0', 'run-2 m1']);
      },
    ));

  test('J9 only the appends before a position are removed', () =>
    withPort(kit, async (journal) => {
      await appendBoth(journal);
      const [position = 0] = await journal.append(run, [message('kept')]);
      await journal.append(run, [message('later')]);
      await journal.remove(run, position);
      assert.deepEqual(await idsOf(journal), ['kept', 'later']);
      assert.deepEqual(await idsOf(journal, otherRun), ['m0', 'm1', 'last']);
      const [first] = await listOf(journal.read(run));
      assert.equal(first?.position, position);
    }));

  test('J9 removing again, or a run that nobody knows, changes nothing', () =>
    withPort(kit, async (journal) => {
      await journal.append(otherRun, messages(2));
      await journal.remove(run);
      await journal.append(run, messages(2));
      await journal.remove(run);
      await journal.remove(run);
      assert.deepEqual(await idsOf(journal), []);
      assert.deepEqual(await idsOf(journal, otherRun), ['m0', 'm1']);
    }));

  test('J9 a follower that waits is not given what was removed, and then what is new', () =>
    withPort(kit, async (journal) => {
      const stop = new AbortController();
      const seen: string[] = [];
      await journal.append(run, messages(2));
      await journal.remove(run);
      for await (const batch of journal.follow(journal.partitionOf(run), 0, stop.signal)) {
        seen.push(...batch.map(({ message_id }) => message_id));
        if (batch.length === 0 && seen.length === 0) await journal.append(run, [message('new')]);
        if (seen.includes('new')) break;
      }
      stop.abort();
      assert.deepEqual(seen, ['new']);
    }));

  test('J9 entries of the same tenant or the same id elsewhere are not touched', () =>
    withPort(kit, async (journal) => {
      const namesakes = [
        { tenant_id: 'acme', run_id: 'run-1.1' },
        { tenant_id: 'rival', run_id: 'run-1' },
      ];
      for (const key of [run, ...namesakes]) await journal.append(key, messages(2));
      await journal.remove(run);
      for (const key of namesakes) assert.deepEqual(await idsOf(journal, key), ['m0', 'm1']);
    }));

  test('J9 a history of many appends is removed completely', () =>
    withPort(kit, async (journal) => {
      for (let index = 0; index < 40; index++) await journal.append(run, [message(`one${index}`)]);
      await journal.remove(run);
      assert.deepEqual(await idsOf(journal), []);
      assert.deepEqual(await followed(journal), []);
    }));

  test('J7 after close remove rejects with CLOSED', () =>
    withPort(kit, async (journal) => {
      await journal.close();
      await rejectsWith('CLOSED', () => journal.remove(run));
    }));
}
