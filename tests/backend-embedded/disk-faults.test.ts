// timeout: 600
// takes: 25
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { run } from '../conformance/journal-samples.js';
import { listOf } from '../conformance/kit.js';
import { spec, type Test } from '../support/spec.js';
import { runChild, works } from './child-process.js';
import { withFolder, withStore } from './store-folder.js';

interface Filled {
  readonly full: Readonly<Record<string, string | number>> & { readonly kept: number };
  readonly freed: Readonly<Record<string, string>>;
  readonly ids: readonly string[];
  readonly large: unknown;
}

interface Failed {
  readonly kept: number;
  readonly code: string;
  readonly later: readonly string[];
  readonly readable: number;
}

const options = { timeoutMs: 120_000 };

/** The journal in the folder contains the acknowledged entries and at most the one append that failed. */
async function checkKept(folder: string, { kept }: Failed): Promise<void> {
  await withStore(folder, async ({ journal }) => {
    const ids = (await listOf(journal.read(run))).map((entry) => entry.message_id);
    assert.equal(
      ids.slice(0, kept),
      Array.from({ length: kept }, (_, index) => `m${index}`),
    );
    assert.ok(ids.length <= kept + 1);
    await journal.append(run, [{ message_id: 'on', fact: { type: 'timer.fired', at: 0, timer: 't' } }]);
  });
}

/** Mounts a 6 MB tmpfs at the first argument and runs the rest as a command. */
const smallDisk = `
  mount -t tmpfs -o size=6m none "$1" && head -c 3500000 /dev/zero > "$1/ballast" && shift && exec "$@"`;

/** The system calls that strace recorded, without the final lines of the log. */
async function callsIn(log: string): Promise<string[]> {
  return (await readFile(log, 'utf8')).split('\n').filter((line) => line.includes('('));
}

function fullDiskLaws(test: Test): void {
  test(
    'a full disk is STORE_FULL, loses no acknowledged entry, and writes succeed again once space is freed',
    () =>
      withFolder(async (disk) => {
        const wrapper = ['unshare', '-rm', 'sh', '-c', smallDisk, 'sh', disk];
        const told = runChild('disk-filler', [join(disk, 'store'), join(disk, 'ballast')], wrapper);
        const { full, freed, ids, large } = told as Filled;
        const { kept } = full;
        assert.ok(kept > 10);
        const codes = { append: 'STORE_FULL', again: 'STORE_FULL', registry: 'STORE_FULL', blob: 'STORE_FULL' };
        assert.equal(full, { kept, ...codes, readable: kept });
        assert.equal(freed, { append: 'ok', registry: 'ok', blob: 'ok' });
        assert.equal(
          ids,
          Array.from({ length: kept + 1 }, (_, index) => `m${index}`),
        );
        assert.is(large, null);
      }),
    options,
  );

  test('a store can be closed on a full disk', () =>
    withFolder(async (disk) => {
      const wrapper = ['unshare', '-rm', 'sh', '-c', smallDisk, 'sh', disk];
      const told = runChild('disk-filler', [join(disk, 'store')], wrapper) as { readonly closed: string };
      assert.is(told.closed, 'ok');
    }));
}

function failedWriteLaws(test: Test): void {
  test(
    'after any other failed write the store rejects writes but can be read, and reopens with all acknowledged entries',
    () =>
      withFolder(async (folder) => {
        const wrapper = ['sh', '-c', 'ulimit -f 1000 && exec "$@"', 'sh'];
        const told = runChild('until-it-fails', [folder, '10000'], wrapper) as Failed;
        assert.ok(told.kept > 10 && told.kept < 10_000);
        assert.equal(told.code, 'STORE_FAILED');
        assert.equal(told.later, ['STORE_FAILED', 'STORE_FAILED', 'STORE_FAILED']);
        assert.is(told.readable, told.kept);
        await checkKept(folder, told);
      }),
    options,
  );
}

function failedSyncLaws(test: Test): void {
  // The first two of the database file itself create it; the next one belongs to a checkpoint.
  for (const [file, failing] of [
    ['journal.db-wal', 1],
    ['journal.db-wal', 2],
    ['journal.db-wal', 3],
    ['journal.db-wal', 40],
    ['journal.db', 3],
  ] as const) {
    test(
      `after fsync number ${failing} of ${file} has failed none is tried again, and nothing is acknowledged`,
      () =>
        withFolder(async (folder) => {
          const [log, store] = [join(folder, 'strace'), join(folder, 'store')];
          const inject = `inject=fsync,fdatasync:error=EIO:when=${failing}`;
          const which = ['-P', join(store, file), '-e', 'trace=fsync,fdatasync', '-e', inject];
          await mkdir(store);
          await writeFile(join(store, file), '');
          const told = runChild('until-it-fails', [store, '3000'], ['strace', '-f', '-o', log, ...which]) as Failed;
          assert.equal(told.code, 'STORE_FAILED');
          assert.equal(told.later, ['STORE_FAILED', 'STORE_FAILED', 'STORE_FAILED']);
          assert.is(told.readable, told.kept);
          const calls = await callsIn(log);
          assert.is(calls.length, failing);
          assert.ok(calls.at(-1)?.includes('EIO'));
          await checkKept(store, told);
        }),
      options,
    );
  }

  test(
    'all that is written in one turn of the event loop, through whichever port, takes one sync',
    () =>
      withFolder(async (folder) => {
        const log = join(folder, 'strace');
        const wrapper = ['strace', '-f', '-o', log, '-e', 'trace=fsync,fdatasync,write'];
        runChild('one-turn', [join(folder, 'store')], wrapper);
        const calls = await callsIn(log);
        const from = calls.findIndex((line) => line.includes('\\"before\\"'));
        const to = calls.findIndex((line) => line.includes('\\"after\\"'));
        assert.ok(from > 0 && to > from);
        const syncs = calls.slice(from, to).filter((line) => /f(data)?sync\(/.test(line));
        assert.is(syncs.length, 1);
      }),
    options,
  );
}

spec('a store on a disk with faults', (test) => {
  if (works('a full disk', 'unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt'])) fullDiskLaws(test);
  if (works('a file that may not grow', 'sh', ['-c', 'ulimit -f 100'])) failedWriteLaws(test);
  if (works('failing fsyncs', 'strace', ['-o', '/dev/null', 'true'])) failedSyncLaws(test);
});
