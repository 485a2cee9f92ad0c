import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { manual_clock, open_memory_backend, open_sqlite_backend, system_clock } from '@llmteam/backend-embedded';
import { is_llmteam_error } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { message, run } from '../conformance/journal-samples.js';
import { list_of } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { run_child, start_child, works } from './child-process.js';
import { with_folder, with_store } from './store-folder.js';

async function refused(code: string, open: () => Promise<unknown>, words: readonly string[] = []): Promise<void> {
  try {
    await open();
  } catch (error) {
    assert.ok(is_llmteam_error(error), `expected an LlmteamError, got ${error}`);
    assert.is(error.code, code);
    for (const word of words) assert.ok(error.message.includes(word), `'${word}' is missing in: ${error.message}`);
    return;
  }
  assert.unreachable(`expected ${code}`);
}

const open = (folder: string) => open_sqlite_backend({ folder, clock: system_clock() });

/** Changes four bytes of the header that SQLite leaves to the application. */
async function set_header(file: string, offset: number, value: number): Promise<Buffer> {
  const bytes = await readFile(file);
  bytes.writeUInt32BE(value, offset);
  await writeFile(file, bytes);
  return bytes;
}

const user_version_offset = 60;
const application_id_offset = 68;

/** Makes the folder of the first argument read-only for what follows. */
const read_only = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" &&';

spec('opening a store', (test) => {
  test('a store that another process has open is STORE_LOCKED, and the message names the folder', () =>
    with_folder(async (folder) => {
      const holder = start_child('holder', [folder]);
      for await (const _ of holder.told) break;
      await refused('STORE_LOCKED', () => open(folder), [folder]);
      await holder.kill();
    }));

  test('a store whose owner was killed can be opened at once', () =>
    with_folder(async (folder) => {
      const holder = start_child('holder', [folder]);
      for await (const _ of holder.told) break;
      await holder.kill();
      await with_store(folder, async ({ journal }) => assert.equal(await journal.end(0), 0));
    }));

  test('a store is locked for the process that has it, too', () =>
    with_folder(async (folder) => {
      await with_store(folder, async ({ journal }) => {
        await refused('STORE_LOCKED', () => open(folder), [folder]);
        await journal.append(run, [message('still mine')]);
      });
    }));

  test('close gives the store back, once all that was written is in one file', () =>
    with_folder(async (folder) => {
      for (let round = 0; round < 5; round += 1) {
        await with_store(folder, async ({ journal }) => {
          assert.is((await list_of(journal.read(run))).length, round);
          await journal.append(run, [message(`m${round}`)]);
        });
      }
      assert.is(await readFile(join(folder, 'journal.db-wal')).catch(() => 'gone'), 'gone');
    }));

  test('a backend may be closed twice, and its ports before it', () =>
    with_folder(async (folder) => {
      const backend = await open(folder);
      await backend.journal.close();
      await Promise.all([backend.close(), backend.close()]);
      await backend.close();
    }));

  test('a store of a newer version is STORE_CORRUPT, says so, and is left as it was', () =>
    with_folder(async (folder) => {
      await with_store(folder, async ({ journal }) => void (await journal.append(run, [message('a')])));
      const file = join(folder, 'journal.db');
      const newer = await set_header(file, user_version_offset, 7);
      await refused('STORE_CORRUPT', () => open(folder), ['version 7', 'version 1', folder]);
      assert.is(Buffer.compare(await readFile(file), newer), 0);
    }));

  test('a database of somebody else is STORE_CORRUPT and left as it was', () =>
    with_folder(async (folder) => {
      await with_store(folder, async ({ journal }) => void (await journal.append(run, [message('a')])));
      const file = join(folder, 'journal.db');
      const foreign = await set_header(file, application_id_offset, 42);
      await refused('STORE_CORRUPT', () => open(folder), ['not one of LLMTeam']);
      assert.is(Buffer.compare(await readFile(file), foreign), 0);
    }));

  test('a file that is no database is STORE_CORRUPT and left as it was', () =>
    with_folder(async (folder) => {
      const text = 'this is a diary, not a database\n'.repeat(200);
      await writeFile(join(folder, 'journal.db'), text);
      await refused('STORE_CORRUPT', () => open(folder), [folder]);
      assert.is(await readFile(join(folder, 'journal.db'), 'utf8'), text);
    }));

  test('a file in the place of the folder is FILE_UNREADABLE, and so is a folder in the place of a file', () =>
    with_folder(async (folder) => {
      const file = join(folder, 'file');
      await writeFile(file, '');
      await refused('FILE_UNREADABLE', () => open(file), [file]);
      await refused('FILE_UNREADABLE', () => open(join(file, 'below')), [file]);
      await mkdir(join(folder, 'store', 'journal.db'), { recursive: true });
      await refused('FILE_UNREADABLE', () => open(join(folder, 'store')), ['journal.db']);
      await mkdir(join(folder, 'other'));
      await writeFile(join(folder, 'other', 'blobs'), '');
      await refused('FILE_UNREADABLE', () => open(join(folder, 'other')), ['blobs']);
    }));

  test('the folder is made with all that is above it', () =>
    with_folder(async (folder) => {
      await with_store(
        join(folder, 'a', 'b', 'ü 😀'),
        async ({ journal }) => void (await journal.append(run, [message('a')])),
      );
    }));

  test('options out of range are CONFIG_INVALID', () =>
    with_folder(async (folder) => {
      const clock = manual_clock();
      for (const partitions of [0, 1.5, 1_025]) {
        await refused('CONFIG_INVALID', () => open_memory_backend({ clock, partitions }), ['partitions']);
      }
      await refused('CONFIG_INVALID', () => open_memory_backend({ clock, lease_ms: 0 }), ['lease_ms']);
      await refused('CONFIG_INVALID', () => open_sqlite_backend({ folder, clock, lease_ms: -1 }), ['lease_ms']);
    }));

  if (works('a read-only disk', 'unshare', ['-rm', 'sh', '-c', `${read_only} true`, 'sh', tmpdir()])) {
    test('a disk that cannot be written is FILE_UNREADABLE, with a store on it or without', () =>
      with_folder(async (folder) => {
        await with_store(folder, async ({ journal }) => void (await journal.append(run, [message('a')])));
        const wrapper = ['unshare', '-rm', 'sh', '-c', `${read_only} shift && exec "$@"`, 'sh', folder];
        const open_in = (store: string) => run_child('opener', [store], wrapper) as { code: string; message: string };
        const old = open_in(folder);
        assert.is(old.code, 'FILE_UNREADABLE');
        assert.match(old.message, /failed: the file system is read-only$/);
        assert.is(open_in(join(folder, 'new')).code, 'FILE_UNREADABLE');
      }));
  }
});
