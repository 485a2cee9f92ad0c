import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase, openRunIndex } from '@llmteam/backend-embedded';
import { isLlmteamError, type RunIndexFile, type RunRow } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

const aDayMs = 86_400_000;

async function withFile(use: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-run-index-'));
  try {
    await use(join(folder, 'lists', 'index.db'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function open(file: string, installation = 'one'): Promise<RunIndexFile> {
  return openRunIndex({ file, installation, longestAwayMs: 6 * aDayMs });
}

function row(runId: string): RunRow {
  const common = {
    tenant_id: 'acme',
    segment_id: 's',
    correlation_id: null,
    metadata: {},
    parent_run_id: null,
    ended_at: null,
  };
  return { ...common, run_id: runId, status: 'running', started_at: 1 };
}

/** An index file with 2,000 runs. */
async function fill(file: string): Promise<void> {
  const { index } = await open(file);
  const runs = Array.from({ length: 2_000 }, (_, number) => row(`run-${number}`));
  await index.apply([{ partition: 3, position: 7, runs, tasks: [] }]);
  await index.close();
}

/** Opens the file and returns what was in it. */
async function found(file: string, installation?: string): Promise<{ setAside: string | null; runs: number }> {
  const { index, setAside } = await open(file, installation);
  const page = await index.runs({ tenant_id: 'acme', limit: 1_000 });
  assert.is(await index.position(3), page.rows.length > 0 ? 7 : 0);
  await index.close();
  return { setAside, runs: page.rows.length };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'none',
    (error: unknown) => (isLlmteamError(error) ? error.code : String(error)),
  );
}

spec('a run index in a separate file', (test) => {
  test('is created with its folder and reopened', () =>
    withFile(async (file) => {
      await fill(file);
      assert.equal(await found(file), { setAside: null, runs: 1_000 });
      assert.not(existsSync(`${file}.set-aside`));
    }));

  test('is reopened after its process was killed', () =>
    withFile(async (file) => {
      await fill(file);
      const { index } = await open(file);
      await index.apply([{ partition: 3, position: 8, runs: [row('late')], tasks: [] }]);
      const [main, log] = [readFileSync(file), readFileSync(`${file}-wal`)];
      await index.close();
      writeFileSync(file, main);
      writeFileSync(`${file}-wal`, log);
      const again = await open(file);
      assert.is(again.setAside, null);
      assert.equal(await again.index.run('acme', 'late'), row('late'));
      await again.index.close();
    }));

  for (const [how, damage] of [
    ['cut off', (file: string) => truncateSync(file, 20_000)],
    ['overwritten at the head', (file: string) => writeFileSync(file, Buffer.alloc(5_000, 7), { flag: 'r+' })],
    ['overwritten in the middle', (file: string) => overwrite(file, 60_000)],
    ['no database', (file: string) => writeFileSync(file, 'hello '.repeat(2_000))],
  ] as const) {
    test(`is set aside and recreated if it is ${how}`, () =>
      withFile(async (file) => {
        await fill(file);
        damage(file);
        const { setAside, runs } = await found(file);
        assert.type(setAside, 'string');
        assert.is(runs, 0);
        assert.ok(existsSync(`${file}.set-aside`));
        await fill(file);
        assert.equal(await found(file), { setAside: null, runs: 1_000 });
      }));
  }

  test('is set aside if it belongs to another installation or was not updated for too long', () =>
    withFile(async (file) => {
      await fill(file);
      assert.equal(await found(file, 'two'), { setAside: 'it lists the runs of another installation', runs: 0 });
      await fillAgain(file);
      const longAgo = new Date(Date.now() - 7 * aDayMs);
      utimesSync(file, longAgo, longAgo);
      assert.equal(await found(file, 'two'), { setAside: 'it has not been updated for too long', runs: 0 });
    }));

  test('of an earlier release, with fewer indexes, is gone on with', () =>
    withFile(async (file) => {
      await fill(file);
      const database = await openDatabase(file);
      for (const name of ['run_row_live', 'run_row_by_segment']) database.exec(`DROP INDEX ${name}`);
      database.close();
      const { index, setAside } = await open(file);
      assert.is(setAside, null);
      assert.is((await index.live(null, 1_000)).length, 1_000);
      const foundRows = await index.runs({ tenant_id: 'acme', segment_id: 's', status: 'running', limit: 7 });
      assert.is(foundRows.rows.length, 7);
      await index.close();
    }));

  test('of an earlier shape is set aside and recreated', () =>
    withFile(async (file) => {
      await fill(file);
      const database = await openDatabase(file);
      database.exec('DROP TABLE run_metadata; PRAGMA user_version = 1');
      database.close();
      const { setAside, runs } = await found(file);
      assert.match(String(setAside), /schema version 1/);
      assert.is(runs, 0);
    }));

  test('leaves the database of another program alone', () =>
    withFile(async (file) => {
      await fill(file);
      rmSync(file);
      const foreign = await openDatabase(file);
      foreign.exec('CREATE TABLE mine (x)');
      foreign.close();
      const before = readFileSync(file);
      assert.is(await codeOf(open(file)), 'STORE_CORRUPT');
      assert.equal(readFileSync(file), before);
    }));

  test('belongs to one process at a time', () =>
    withFile(async (file) => {
      const { index } = await open(file);
      assert.is(await codeOf(open(file)), 'STORE_LOCKED');
      await index.close();
      await index.close();
      assert.equal(await found(file), { setAside: null, runs: 0 });
    }));
});

function overwrite(file: string, from: number): void {
  const bytes = readFileSync(file);
  bytes.fill(0x5a, from, from + 30_000);
  writeFileSync(file, bytes);
}

/** Like `fill`, for the second installation. */
async function fillAgain(file: string): Promise<void> {
  const { index } = await open(file, 'two');
  await index.apply([{ partition: 3, position: 7, runs: [row('a')], tasks: [] }]);
  await index.close();
}
