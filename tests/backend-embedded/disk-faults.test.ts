// timeout: 600
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { run } from '../conformance/journal-samples.js';
import { list_of } from '../conformance/kit.js';
import { spec, type Test } from '../support/spec.js';
import { run_child, works } from './child-process.js';
import { with_folder, with_store } from './store-folder.js';

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

const options = { timeout_ms: 120_000 };

/** What the journal in the folder holds is what was kept, and perhaps the one append that failed. */
async function check_kept(folder: string, { kept }: Failed): Promise<void> {
  await with_store(folder, async ({ journal }) => {
    const ids = (await list_of(journal.read(run))).map((entry) => entry.message_id);
    assert.equal(
      ids.slice(0, kept),
      Array.from({ length: kept }, (_, index) => `m${index}`),
    );
    assert.ok(ids.length <= kept + 1);
    await journal.append(run, [{ message_id: 'on', fact: { type: 'timer.fired', at: 0, timer: 't' } }]);
  });
}

/** Runs what follows the first argument with 6 MB of memory in the place of that folder. */
const small_disk = `
  mount -t tmpfs -o size=6m none "$1" && head -c 3500000 /dev/zero > "$1/ballast" && shift && exec "$@"`;

/** The calls that strace wrote down, without the lines that end the log. */
async function calls_in(log: string): Promise<string[]> {
  return (await readFile(log, 'utf8')).split('\n').filter((line) => line.includes('('));
}

function full_disk_laws(test: Test): void {
  test(
    'a full disk is STORE_FULL, loses nothing that was acknowledged, and is over when space is freed',
    () =>
      with_folder(async (disk) => {
        const wrapper = ['unshare', '-rm', 'sh', '-c', small_disk, 'sh', disk];
        const told = run_child('disk-filler', [join(disk, 'store'), join(disk, 'ballast')], wrapper);
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
    with_folder(async (disk) => {
      const wrapper = ['unshare', '-rm', 'sh', '-c', small_disk, 'sh', disk];
      const told = run_child('disk-filler', [join(disk, 'store')], wrapper) as { readonly closed: string };
      assert.is(told.closed, 'ok');
    }));
}

function failed_write_laws(test: Test): void {
  test(
    'after a write that fails otherwise the store takes no more writes, but reads, and opens again with all that was kept',
    () =>
      with_folder(async (folder) => {
        const wrapper = ['sh', '-c', 'ulimit -f 1000 && exec "$@"', 'sh'];
        const told = run_child('until-it-fails', [folder, '10000'], wrapper) as Failed;
        assert.ok(told.kept > 10 && told.kept < 10_000);
        assert.equal(told.code, 'STORE_FAILED');
        assert.equal(told.later, ['STORE_FAILED', 'STORE_FAILED', 'STORE_FAILED']);
        assert.is(told.readable, told.kept);
        await check_kept(folder, told);
      }),
    options,
  );
}

function failed_sync_laws(test: Test): void {
  // Of the database file itself two are for making it; the next one is that of a checkpoint.
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
        with_folder(async (folder) => {
          const [log, store] = [join(folder, 'strace'), join(folder, 'store')];
          const inject = `inject=fsync,fdatasync:error=EIO:when=${failing}`;
          const which = ['-P', join(store, file), '-e', 'trace=fsync,fdatasync', '-e', inject];
          await mkdir(store);
          await writeFile(join(store, file), '');
          const told = run_child('until-it-fails', [store, '3000'], ['strace', '-f', '-o', log, ...which]) as Failed;
          assert.equal(told.code, 'STORE_FAILED');
          assert.equal(told.later, ['STORE_FAILED', 'STORE_FAILED', 'STORE_FAILED']);
          assert.is(told.readable, told.kept);
          const calls = await calls_in(log);
          assert.is(calls.length, failing);
          assert.ok(calls.at(-1)?.includes('EIO'));
          await check_kept(store, told);
        }),
      options,
    );
  }

  test(
    'all that is written in one turn of the event loop, through whichever port, takes one sync',
    () =>
      with_folder(async (folder) => {
        const log = join(folder, 'strace');
        const wrapper = ['strace', '-f', '-o', log, '-e', 'trace=fsync,fdatasync,write'];
        run_child('one-turn', [join(folder, 'store')], wrapper);
        const calls = await calls_in(log);
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
  if (works('a full disk', 'unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs none /mnt'])) full_disk_laws(test);
  if (works('a file that may not grow', 'sh', ['-c', 'ulimit -f 100'])) failed_write_laws(test);
  if (works('failing fsyncs', 'strace', ['-o', '/dev/null', 'true'])) failed_sync_laws(test);
});
