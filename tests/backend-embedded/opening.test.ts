import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMemoryBackend, openSqliteBackend } from '@llmteam/backend-embedded';
import { isLlmteamError } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';
import { manualClock } from '@llmteam/testing';
import * as assert from 'uvu/assert';
import { message, run } from '../conformance/journal-samples.js';
import { listOf } from '../conformance/kit.js';
import { spec } from '../support/spec.js';
import { runChild, startChild, works } from './child-process.js';
import { withFolder, withStore } from './store-folder.js';

async function refused(code: string, open: () => Promise<unknown>, words: readonly string[] = []): Promise<void> {
  try {
    await open();
  } catch (error) {
    assert.ok(isLlmteamError(error), `expected an LlmteamError, got ${error}`);
    assert.is(error.code, code);
    for (const word of words) assert.ok(error.message.includes(word), `'${word}' is missing in: ${error.message}`);
    return;
  }
  assert.unreachable(`expected ${code}`);
}

const open = (folder: string) => openSqliteBackend({ folder, clock: systemClock() });

/** Changes the four header bytes that SQLite reserves for the application. */
async function setHeader(file: string, offset: number, value: number): Promise<Buffer> {
  const bytes = await readFile(file);
  bytes.writeUInt32BE(value, offset);
  await writeFile(file, bytes);
  return bytes;
}

const userVersionOffset = 60;
const applicationIdOffset = 68;

/** Makes the folder given first read-only for the command that follows. */
const readOnly = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" &&';

spec('opening a store', (test) => {
  test('a store that another process has open is STORE_LOCKED, and the message names the folder', () =>
    withFolder(async (folder) => {
      const holder = startChild('holder', [folder]);
      for await (const _ of holder.told) break;
      await refused('STORE_LOCKED', () => open(folder), [folder]);
      await holder.kill();
    }));

  test('a store whose owner was killed can be opened at once', () =>
    withFolder(async (folder) => {
      const holder = startChild('holder', [folder]);
      for await (const _ of holder.told) break;
      await holder.kill();
      await withStore(folder, async ({ journal }) => assert.equal(await journal.end(0), 0));
    }));

  test('a store is locked for the process that has it, too', () =>
    withFolder(async (folder) => {
      await withStore(folder, async ({ journal }) => {
        await refused('STORE_LOCKED', () => open(folder), [folder]);
        await journal.append(run, [message('still mine')]);
      });
    }));

  test('close gives the store back, once all that was written is in one file', () =>
    withFolder(async (folder) => {
      for (let round = 0; round < 5; round += 1) {
        await withStore(folder, async ({ journal }) => {
          assert.is((await listOf(journal.read(run))).length, round);
          await journal.append(run, [message(`m${round}`)]);
        });
      }
      assert.is(await readFile(join(folder, 'journal.db-wal')).catch(() => 'gone'), 'gone');
    }));

  test('a backend may be closed twice, and its ports before it', () =>
    withFolder(async (folder) => {
      const backend = await open(folder);
      await backend.journal.close();
      await Promise.all([backend.close(), backend.close()]);
      await backend.close();
    }));

  test('a store of a newer version is STORE_CORRUPT, says so, and is left as it was', () =>
    withFolder(async (folder) => {
      await withStore(folder, async ({ journal }) => void (await journal.append(run, [message('a')])));
      const file = join(folder, 'journal.db');
      const newer = await setHeader(file, userVersionOffset, 7);
      await refused('STORE_CORRUPT', () => open(folder), ['version 7', 'version 1', folder]);
      assert.is(Buffer.compare(await readFile(file), newer), 0);
    }));

  test('a foreign database is STORE_CORRUPT and left unchanged', () =>
    withFolder(async (folder) => {
      await withStore(folder, async ({ journal }) => void (await journal.append(run, [message('a')])));
      const file = join(folder, 'journal.db');
      const foreign = await setHeader(file, applicationIdOffset, 42);
      await refused('STORE_CORRUPT', () => open(folder), ['not one of LLMTeam']);
      assert.is(Buffer.compare(await readFile(file), foreign), 0);
    }));

  test('a file that is no database is STORE_CORRUPT and left as it was', () =>
    withFolder(async (folder) => {
      const text = 'this is a diary, not a database\n'.repeat(200);
      await writeFile(join(folder, 'journal.db'), text);
      await refused('STORE_CORRUPT', () => open(folder), [folder]);
      assert.is(await readFile(join(folder, 'journal.db'), 'utf8'), text);
    }));

  test('a file in the place of the folder is FILE_UNREADABLE, and so is a folder in the place of a file', () =>
    withFolder(async (folder) => {
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

  test('the folder is created with its parents', () =>
    withFolder(async (folder) => {
      await withStore(
        join(folder, 'a', 'b', 'ü 😀'),
        async ({ journal }) => void (await journal.append(run, [message('a')])),
      );
    }));

  test('options out of range are CONFIG_INVALID', () =>
    withFolder(async (folder) => {
      const clock = manualClock();
      for (const partitions of [0, 1.5, 1_025]) {
        await refused('CONFIG_INVALID', () => openMemoryBackend({ clock, partitions }), ['partitions']);
      }
      await refused('CONFIG_INVALID', () => openMemoryBackend({ clock, leaseMs: 0 }), ['lease_ms']);
      await refused('CONFIG_INVALID', () => openSqliteBackend({ folder, clock, leaseMs: -1 }), ['lease_ms']);
    }));

  if (works('a read-only disk', 'unshare', ['-rm', 'sh', '-c', `${readOnly} true`, 'sh', tmpdir()])) {
    test('a disk that cannot be written is FILE_UNREADABLE, with a store on it or without', () =>
      withFolder(async (folder) => {
        await withStore(folder, async ({ journal }) => void (await journal.append(run, [message('a')])));
        const wrapper = ['unshare', '-rm', 'sh', '-c', `${readOnly} shift && exec "$@"`, 'sh', folder];
        const openIn = (store: string) => runChild('opener', [store], wrapper) as { code: string; message: string };
        const old = openIn(folder);
        assert.is(old.code, 'FILE_UNREADABLE');
        assert.match(old.message, /failed: the file system is read-only$/);
        assert.is(openIn(join(folder, 'new')).code, 'FILE_UNREADABLE');
      }));
  }
});
