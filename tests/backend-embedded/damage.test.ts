import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqliteBackend } from '@llmteam/backend-embedded';
import { isLlmteamError, type Journal, type UnreadableMessage } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { entriesOf, message, messages, otherRun, run } from '../conformance/journal-samples.js';
import { listOf, rejectsWith } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { withFolder, withStore } from './store-folder.js';

const mark = 'a-text-that-is-nowhere-else';

/** Changes one character of the marked entry behind the store's back. */
async function spoilMark(folder: string): Promise<void> {
  const file = join(folder, 'journal.db');
  const bytes = await readFile(file);
  const at = bytes.indexOf(mark);
  assert.ok(at > 0);
  bytes.write('A', at);
  await writeFile(file, bytes);
}

interface Seen {
  /** The positions and message ids that a follower from the start sees. */
  readonly entries: readonly (readonly [number, string])[];
  /** How many messages it is told of. */
  readonly lost: number;
}

/** What a follower from the start sees, or the code of the error that ends it. */
async function seenIn(folder: string): Promise<Seen | string> {
  try {
    const backend = await openSqliteBackend({ folder, clock: systemClock() });
    try {
      const entries = await entriesOf(backend.journal, 0);
      const { lost } = await followed(backend.journal);
      return { entries: entries.map(({ position, message_id }) => [position, message_id]), lost: lost.length };
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (!isLlmteamError(error)) throw error;
    return error.code;
  }
}

function judge(found: Seen | string, truth: Seen, where: string): 'same' | 'told' | 'shorter' | 'refused' {
  if (typeof found === 'string') {
    assert.ok(['STORE_CORRUPT', 'STORE_FAILED'].includes(found), found);
    return 'refused';
  }
  const written = new Set(truth.entries.map(String));
  for (const entry of found.entries) assert.ok(written.has(String(entry)), `${where}: ${entry}`);
  if (found.lost > 0) return 'told';
  assert.equal(found.entries, truth.entries.slice(0, found.entries.length), where);
  return found.entries.length === truth.entries.length ? 'same' : 'shorter';
}

/** How many entries a follower sees, and what it is told of the others. */
async function followed(
  journal: Journal,
): Promise<{ seen: number; lost: Pick<UnreadableMessage, 'position' | 'runs'>[] }> {
  const lost: Pick<UnreadableMessage, 'position' | 'runs'>[] = [];
  const stop = new AbortController();
  let seen = 0;
  const unreadable = ({ position, runs }: UnreadableMessage): void => {
    lost.push({ position, runs });
  };
  for await (const batch of journal.follow(0, 0, stop.signal, { unreadable })) {
    if (batch.length === 0) break;
    seen += batch.length;
  }
  stop.abort();
  return { seen, lost };
}

spec('a damaged store', (test) => {
  test('damage among the last entries concerns their runs alone: the store opens, and all else is there', () =>
    withFolder(async (folder) => {
      await withStore(folder, async ({ journal }) => {
        await journal.append(run, [message('a', mark)]);
        await journal.append(run, messages(3));
      });
      await spoilMark(folder);
      await withStore(folder, async ({ journal }) => {
        await rejectsWith('STORE_CORRUPT', () => listOf(journal.read(run)));
        assert.equal(
          (await entriesOf(journal, 0)).map(({ position }) => position),
          [2, 3, 4],
        );
        assert.equal(await journal.append(otherRun, [message('b')]), [5]);
      });
    }));

  test(
    'damage further back is STORE_CORRUPT for readers of that entry only',
    () =>
      withFolder(async (folder) => {
        await withStore(folder, async ({ journal }) => {
          await journal.append(run, [message('a', mark)]);
          // Enough for the index to be written; entries it does not cover are read when the store is opened.
          const runs = Array.from({ length: 5_000 }, (_, index) => ({ tenant_id: 'acme', run_id: `many-${index}` }));
          await Promise.all(runs.map((many) => journal.append(many, [message('b')])));
          for (let part = 0; part < 25; part += 1) await journal.append(otherRun, messages(1_000, `p${part}-`));
        });
        await spoilMark(folder);
        await withStore(folder, async ({ journal }) => {
          await rejectsWith('STORE_CORRUPT', () => listOf(journal.read(run)));
          const { seen, lost } = await followed(journal);
          assert.is(seen, 30_000);
          assert.equal(lost, [{ position: 1, runs: [run] }]);
          assert.is((await listOf(journal.read(otherRun))).length, 25_000);
          assert.is((await entriesOf(journal, 0, 1)).length, 30_000);
        });
      }),
    { timeoutMs: 60_000 },
  );

  test(
    'whichever byte of the file changes, a follower sees correct entries only, and is told if some are missing',
    () =>
      withFolder(async (folder) => {
        const original = join(folder, 'original');
        await withStore(original, async ({ journal }) => {
          for (let part = 0; part < 40; part += 1) await journal.append(run, messages(10, `p${part}-`));
        });
        const truth = await seenIn(original);
        if (typeof truth === 'string') throw new Error(truth);
        assert.is(truth.entries.length, 400);
        const bytes = await readFile(join(original, 'journal.db'));
        const seen = { same: 0, told: 0, shorter: 0, refused: 0 };
        for (let at = 13; at < bytes.length; at += Math.floor(bytes.length / 150)) {
          const copy = join(folder, `flipped-${at}`);
          const changed = Buffer.from(bytes);
          changed.writeUInt8((bytes[at] ?? 0) ^ 0x41, at);
          await mkdir(copy);
          await writeFile(join(copy, 'journal.db'), changed);
          seen[judge(await seenIn(copy), truth, `byte ${at}`)] += 1;
        }
        assert.ok(seen.told > 10 && seen.same > 5, JSON.stringify(seen));
      }),
    { timeoutMs: 120_000 },
  );
});
