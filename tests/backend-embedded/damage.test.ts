import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openSqliteBackend } from '@llmteam/backend-embedded';
import { isLlmteamError } from '@llmteam/contracts';
import { systemClock } from '@llmteam/kernel';
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

/** The positions a follower from the start sees, or the code of the error that ends it. */
async function positionsIn(folder: string): Promise<readonly number[] | string> {
  try {
    const backend = await openSqliteBackend({ folder, clock: systemClock() });
    try {
      return (await entriesOf(backend.journal, 0)).map((entry) => entry.position);
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (!isLlmteamError(error)) throw error;
    return error.code;
  }
}

spec('a damaged store', (test) => {
  test('damage among the last entries is STORE_CORRUPT when the store is opened', () =>
    withFolder(async (folder) => {
      await withStore(folder, async ({ journal }) => {
        await journal.append(run, [message('a', mark)]);
        await journal.append(run, messages(3));
      });
      await spoilMark(folder);
      await rejectsWith('STORE_CORRUPT', () => openSqliteBackend({ folder, clock: systemClock() }));
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
          await rejectsWith('STORE_CORRUPT', () => entriesOf(journal, 0));
          assert.is((await listOf(journal.read(otherRun))).length, 25_000);
          assert.is((await entriesOf(journal, 0, 1)).length, 30_000);
        });
      }),
    { timeoutMs: 60_000 },
  );

  test(
    'whichever byte of the file changes, a follower sees the correct entries, a prefix of them, or an error',
    () =>
      withFolder(async (folder) => {
        const original = join(folder, 'original');
        await withStore(original, async ({ journal }) => {
          for (let part = 0; part < 40; part += 1) await journal.append(run, messages(10, `p${part}-`));
        });
        const truth = await positionsIn(original);
        assert.is(truth.length, 400);
        const bytes = await readFile(join(original, 'journal.db'));
        const seen = { same: 0, shorter: 0, refused: 0 };
        for (let at = 13; at < bytes.length; at += Math.floor(bytes.length / 150)) {
          const copy = join(folder, `flipped-${at}`);
          const changed = Buffer.from(bytes);
          changed.writeUInt8((bytes[at] ?? 0) ^ 0x41, at);
          await mkdir(copy);
          await writeFile(join(copy, 'journal.db'), changed);
          const found = await positionsIn(copy);
          if (typeof found === 'string') {
            assert.ok(['STORE_CORRUPT', 'STORE_FAILED'].includes(found), found);
            seen.refused += 1;
          } else {
            assert.equal(found, truth.slice(0, found.length), `byte ${at}`);
            seen[found.length === truth.length ? 'same' : 'shorter'] += 1;
          }
        }
        assert.ok(seen.refused > 20 && seen.same > 5, JSON.stringify(seen));
      }),
    { timeoutMs: 120_000 },
  );
});
