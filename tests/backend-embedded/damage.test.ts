import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { open_sqlite_backend, system_clock } from '@llmteam/backend-embedded';
import { is_llmteam_error } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { entries_of, message, messages, other_run, run } from '../conformance/journal-samples.js';
import { list_of, rejects_with } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { with_folder, with_store } from './store-folder.js';

const mark = 'a-text-that-is-nowhere-else';

/** Changes one letter of the marked entry behind the store's back. */
async function spoil_mark(folder: string): Promise<void> {
  const file = join(folder, 'journal.db');
  const bytes = await readFile(file);
  const at = bytes.indexOf(mark);
  assert.ok(at > 0);
  bytes.write('A', at);
  await writeFile(file, bytes);
}

/** Positions a follower from the start sees, or the code of the error that ends it. */
async function positions_in(folder: string): Promise<readonly number[] | string> {
  try {
    const backend = await open_sqlite_backend({ folder, clock: system_clock() });
    try {
      return (await entries_of(backend.journal, 0)).map((entry) => entry.position);
    } finally {
      await backend.close();
    }
  } catch (error) {
    if (!is_llmteam_error(error)) throw error;
    return error.code;
  }
}

spec('a damaged store', (test) => {
  test('damage among the last entries is STORE_CORRUPT when the store is opened', () =>
    with_folder(async (folder) => {
      await with_store(folder, async ({ journal }) => {
        await journal.append(run, [message('a', mark)]);
        await journal.append(run, messages(3));
      });
      await spoil_mark(folder);
      await rejects_with('STORE_CORRUPT', () => open_sqlite_backend({ folder, clock: system_clock() }));
    }));

  test(
    'damage further back is STORE_CORRUPT for who reads it, and nobody else',
    () =>
      with_folder(async (folder) => {
        await with_store(folder, async ({ journal }) => {
          await journal.append(run, [message('a', mark)]);
          // So many that the index is written: what it does not know is read when the store is opened.
          const runs = Array.from({ length: 5_000 }, (_, index) => ({ tenant_id: 'acme', run_id: `many-${index}` }));
          await Promise.all(runs.map((many) => journal.append(many, [message('b')])));
          for (let part = 0; part < 25; part += 1) await journal.append(other_run, messages(1_000, `p${part}-`));
        });
        await spoil_mark(folder);
        await with_store(folder, async ({ journal }) => {
          await rejects_with('STORE_CORRUPT', () => list_of(journal.read(run)));
          await rejects_with('STORE_CORRUPT', () => entries_of(journal, 0));
          assert.is((await list_of(journal.read(other_run))).length, 25_000);
          assert.is((await entries_of(journal, 0, 1)).length, 30_000);
        });
      }),
    { timeout_ms: 60_000 },
  );

  test(
    'whatever byte of the file changes, a follower sees the truth, the beginning of it, or an error',
    () =>
      with_folder(async (folder) => {
        const original = join(folder, 'original');
        await with_store(original, async ({ journal }) => {
          for (let part = 0; part < 40; part += 1) await journal.append(run, messages(10, `p${part}-`));
        });
        const truth = await positions_in(original);
        assert.is(truth.length, 400);
        const bytes = await readFile(join(original, 'journal.db'));
        const seen = { same: 0, shorter: 0, refused: 0 };
        for (let at = 13; at < bytes.length; at += Math.floor(bytes.length / 150)) {
          const copy = join(folder, `flipped-${at}`);
          const changed = Buffer.from(bytes);
          changed.writeUInt8((bytes[at] ?? 0) ^ 0x41, at);
          await mkdir(copy);
          await writeFile(join(copy, 'journal.db'), changed);
          const found = await positions_in(copy);
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
    { timeout_ms: 120_000 },
  );
});
