/** J10 of `Journal`: messages that cannot be read. For adapters whose kit can put one into a store. */
import * as assert from 'node:assert/strict';
import type { Journal, UnreadableMessage } from '@llmteam/contracts';
import { entriesOf, message, otherRun, run } from './journal-samples.js';
import { type Kit, listOf, rejectsWith, withPort } from './kit.js';

export interface SpoilingKit extends Kit<Journal> {
  /** Puts a message that cannot be read at the end of the history of a run. Returns the journal, which may have been reopened. */
  readonly spoil: (journal: Journal, of: typeof run) => Promise<Journal>;
}

/** A run of the same partition as `run`. */
function neighbor(journal: Journal): typeof run {
  for (let number = 0; ; number++) {
    const key = { tenant_id: 'acme', run_id: `neighbor-${number}` };
    if (journal.partitionOf(key) === journal.partitionOf(run)) return key;
  }
}

/** What a follower from the start is told, in order: message ids, and `!` for a message that cannot be read. */
async function told(journal: Journal, messages: UnreadableMessage[]): Promise<string[]> {
  const seen: string[] = [];
  const stop = new AbortController();
  const unreadable = (one: UnreadableMessage): void => {
    messages.push(one);
    seen.push('!');
  };
  for await (const batch of journal.follow(journal.partitionOf(run), 0, stop.signal, { unreadable })) {
    if (batch.length === 0) break;
    seen.push(...batch.map(({ message_id }) => message_id));
  }
  stop.abort();
  return seen;
}

export function journalUnreadableLaws(kit: SpoilingKit): void {
  const { test, spoil } = kit;

  /** The neighbor has an entry before and one after the message of `run` that cannot be read. */
  const withSpoiltRun = (use: (journal: Journal, other: typeof run) => Promise<void>): Promise<void> =>
    withPort(kit, async (opened) => {
      const other = neighbor(opened);
      await opened.append(run, [message('a')]);
      await opened.append(other, [message('before')]);
      const journal = await spoil(opened, run);
      await journal.append(other, [message('after')]);
      await use(journal, other);
    });

  test('J10 a follower passes over a message that cannot be read, and is told of it in its place', () =>
    withSpoiltRun(async (journal) => {
      const messages: UnreadableMessage[] = [];
      assert.deepEqual(await told(journal, messages), ['a', 'before', '!', 'after']);
      assert.deepEqual(messages[0]?.runs, [run]);
      assert.ok((messages[0]?.reason ?? '').length > 0);
      const [, second, third] = await entriesOf(journal, journal.partitionOf(run));
      const { position } = messages[0];
      assert.ok(position > (second?.position ?? 0) && position < (third?.position ?? 0), `at ${position}`);
      const from = await entriesOf(journal, journal.partitionOf(run), position);
      assert.deepEqual(
        from.map(({ message_id }) => message_id),
        ['after'],
      );
    }));

  test('J10 the history of its run yields what comes before it and then rejects; others are not affected', () =>
    withSpoiltRun(async (journal, other) => {
      const seen: string[] = [];
      await rejectsWith('STORE_CORRUPT', async () => {
        for await (const { message_id } of journal.read(run)) seen.push(message_id);
      });
      assert.deepEqual(seen, ['a']);
      assert.equal((await listOf(journal.read(other))).length, 2);
    }));

  test('J10 its run can be appended to and removed, and begins anew', () =>
    withSpoiltRun(async (journal, other) => {
      await journal.append(run, [message('b')]);
      await journal.append(run, [message('c'), message('d')]);
      await rejectsWith('STORE_CORRUPT', () => listOf(journal.read(run)));
      await journal.remove(run);
      assert.deepEqual(await listOf(journal.read(run)), []);
      await journal.append(run, [message('new')]);
      assert.equal((await listOf(journal.read(run))).length, 1);
      assert.equal((await listOf(journal.read(other))).length, 2);
      assert.deepEqual(await listOf(journal.read(otherRun)), []);
    }));

  test('J10 a first message that cannot be read leaves later ones of its run to followers', () =>
    withPort(kit, async (opened) => {
      const journal = await spoil(opened, run);
      await journal.append(run, [message('a')]);
      const messages: UnreadableMessage[] = [];
      assert.deepEqual(await told(journal, messages), ['!', 'a']);
      await rejectsWith('STORE_CORRUPT', () => listOf(journal.read(run)));
    }));
}
