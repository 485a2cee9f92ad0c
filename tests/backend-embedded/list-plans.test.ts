import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Database,
  openDatabase,
  openRunIndex,
  openSqliteBackend,
  SqliteRunIndex,
  type SqlValue,
  storeFile,
} from '@llmteam/backend-embedded';
import type { RunQuery, RunRow, TaskQuery } from '@llmteam/contracts';
import { systemClock } from '@llmteam/service-host';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

interface Asked {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

interface Watched {
  readonly index: SqliteRunIndex;
  /** SQLite's query plan of each statement that `act` executes, one line per step. */
  plans(act: () => Promise<unknown>): Promise<readonly string[]>;
}

/** A run index whose statements are inspected. Applied changes are written when `write` is called. */
async function withWatchedIndex(use: (watched: Watched) => Promise<void>): Promise<void> {
  const database = await openDatabase(':memory:');
  database.exec(`${storeFile.schema} ${storeFile.indexes}`);
  const asked: Asked[] = [];
  const index = new SqliteRunIndex(recording(database, asked), {
    add: () => undefined,
    flush: () => undefined,
    schedule: () => {
      index.take();
      index.write();
      index.committed();
    },
  });
  const plans = async (act: () => Promise<unknown>): Promise<readonly string[]> => {
    asked.length = 0;
    await act();
    assert.ok(asked.length > 0, 'nothing was asked of the database');
    return asked.flatMap(({ sql, values }) => planOf(database, sql, values));
  };
  try {
    await use({ index, plans });
  } finally {
    database.close();
  }
}

function recording(database: Database, asked: Asked[]): Database {
  return {
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
    prepare(sql) {
      const statement = database.prepare(sql);
      const noted = (values: readonly SqlValue[]): typeof statement => {
        asked.push({ sql, values });
        return statement;
      };
      return {
        run: (...values) => noted(values).run(...values),
        get: (...values) => noted(values).get(...values),
        all: (...values) => noted(values).all(...values),
      };
    },
  };
}

function planOf(database: Database, sql: string, values: readonly SqlValue[]): readonly string[] {
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  return steps.map((step) => String(step.at(-1)));
}

/** The rows are found by `terms`, in order: no scan and no sort. */
function assertFoundBy(terms: readonly string[], plan: readonly string[], what: object): void {
  const said = `${JSON.stringify(what)}:\n${plan.join('\n')}`;
  const walks = plan.filter((step) => /SCAN (run_row|task_row)|TEMP B-TREE/.test(step));
  assert.equal(walks, [], said);
  const searches = plan.filter((step) => /SEARCH (run_row|task_row)/.test(step));
  assert.ok(searches.length > 0, said);
  for (const search of searches) {
    for (const term of terms) assert.ok(search.includes(term), `${term} does not find rows in ${said}`);
  }
}

/** Every subset. */
function choices<T extends object>(members: T): Partial<T>[] {
  return Object.entries(members).reduce<Partial<T>[]>(
    (found, [name, value]) => found.flatMap((choice) => [choice, { ...choice, [name]: value }]),
    [{}],
  );
}

const cursorOf = (kind: string): string => Buffer.from(JSON.stringify([kind, 5, 'x'])).toString('base64url');

function termsOf(query: object, at: string): string[] {
  const equal = Object.keys(query).filter((name) => !['since', 'until', 'cursor'].includes(name));
  const terms = ['tenant_id=?', 'status=?', ...equal.map((name) => `${name}=?`)];
  if ('since' in query) terms.push(`${at}>?`);
  if ('cursor' in query || 'until' in query) terms.push(`${at}<?`);
  return terms;
}

const runKey = { tenant_id: 'acme', run_id: 'run-1' };

spec('how the lists are read', (test) => {
  test('no list of runs scans rows, with any filter and at any depth', () =>
    withWatchedIndex(async ({ index, plans }) => {
      const members: Omit<RunQuery, 'tenant_id'> = {
        segment_id: 's',
        status: 'failed',
        correlation_id: 'c',
        since: 1,
        until: 9,
        cursor: cursorOf('runs'),
      };
      const queries = choices(members);
      assert.is(queries.length, 64);
      for (const query of queries) {
        const plan = await plans(() => index.runs({ tenant_id: 'acme', ...query }));
        assertFoundBy(termsOf(query, 'started_at'), plan, query);
      }
    }));

  test('several statuses are merged, and no other is read', () =>
    withWatchedIndex(async ({ index, plans }) => {
      const plan = await plans(() => index.runs({ tenant_id: 'acme', status: ['failed', 'timeout', 'failed'] }));
      assertFoundBy(['tenant_id=?', 'status=?'], plan, { several: true });
      assert.is(plan.filter((step) => step.includes('SEARCH run_row')).length, 2);
    }));

  test('runs with metadata are found by it, with any other filter and at any depth', () =>
    withWatchedIndex(async ({ index, plans }) => {
      const members: Omit<RunQuery, 'tenant_id'> = {
        segment_id: 's',
        status: 'failed',
        since: 1,
        until: 9,
        cursor: cursorOf('runs'),
      };
      for (const query of choices(members)) {
        for (const metadata of [{ env: 'test' }, { env: 'test', team: 'a' }]) {
          const plan = await plans(() => index.runs({ tenant_id: 'acme', metadata, ...query }));
          const outer = plan.map((step) => step.replace('SEARCH found', 'SEARCH run_row'));
          const found = outer.filter((step) => !step.includes('USING PRIMARY KEY'));
          assertFoundBy(['key=? AND value=?', ...termsOf(query, 'started_at')], found, query);
          const rest = outer.filter((step) => step.includes('USING PRIMARY KEY'));
          for (const step of rest) assert.match(step, /tenant_id=\? AND run_id=\?/);
        }
      }
    }));

  test('runs of a parent are found by it, with any other filter and at any depth', () =>
    withWatchedIndex(async ({ index, plans }) => {
      const members: Omit<RunQuery, 'tenant_id'> = {
        segment_id: 's',
        status: 'failed',
        correlation_id: 'c',
        metadata: { env: 'test' },
        since: 1,
        cursor: cursorOf('runs'),
      };
      for (const query of choices(members)) {
        const plan = await plans(() => index.runs({ tenant_id: 'acme', parent_run_id: 'p', ...query }));
        const { segment_id: _, correlation_id: __, metadata: ___, ...bounds } = query;
        assertFoundBy(['parent_run_id=?', ...termsOf(bounds, 'started_at')], plan, query);
      }
    }));

  test('runs that wait for something are found by it, with any other filter and at any depth', () =>
    withWatchedIndex(async ({ index, plans }) => {
      const members: Omit<RunQuery, 'tenant_id'> = {
        segment_id: 's',
        status: 'running',
        since: 1,
        until: 9,
        cursor: cursorOf('runs'),
      };
      const waits = [{ kind: 'signal' }, { kind: 'worker', except: ['worker:a@1'] }, { kind: 'paused' }];
      for (const query of choices(members)) {
        const plan = await plans(() => index.runs({ tenant_id: 'acme', waits, ...query }));
        assert.not.match(plan.join(), /SCAN (run_|found|wait)|TEMP B-TREE/);
        const { segment_id: _, status: __, ...span } = query;
        const bounds = termsOf(span, 'started_at').filter((term) => term !== 'status=?');
        const found = plan.filter((step) => step.startsWith('SEARCH found') || step.includes('run_row_by_status'));
        assert.is(found.length, 3, plan.join('\n'));
        for (const step of found) for (const term of bounds) assert.ok(step.includes(term), `${term} in ${step}`);
      }
    }));

  test('no list of tasks scans rows, with any filter and at any depth', () =>
    withWatchedIndex(async ({ index, plans }) => {
      const members: Omit<TaskQuery, 'tenant_id'> = {
        segment_id: 's',
        assignee: 'ann',
        status: 'open',
        cursor: cursorOf('tasks'),
      };
      for (const query of choices(members)) {
        const { segment_id, assignee, ...rest } = query;
        const byBody = [segment_id, assignee].filter((value) => value !== undefined).length;
        const plan = await plans(() => index.tasks({ tenant_id: 'acme', ...query }));
        assertFoundBy(termsOf(rest, 'created_at'), plan, query);
        for (const search of plan.filter((step) => step.includes('SEARCH'))) {
          assert.is(search.split('<expr>=?').length - 1, byBody, search);
        }
        const ofRun = await plans(() => index.tasks({ tenant_id: 'acme', run_id: 'run-1', ...query }));
        assertFoundBy(['run_id=?', ...termsOf(rest, 'created_at')], ofRun, query);
      }
    }));

  test('live runs are found without scanning ended ones', () =>
    withWatchedIndex(async ({ index, plans }) => {
      for (const after of [null, runKey]) {
        const plan = await plans(() => index.live(after, 10));
        assertFoundBy(['run_row_live', '(tenant_id,run_id)>(?,?)'], plan, { after });
      }
    }));

  test('one run, one task, and the rows of a run that goes are found by their ids', () =>
    withWatchedIndex(async ({ index, plans }) => {
      const byRun = ['tenant_id=?', 'run_id=?'];
      assertFoundBy(byRun, await plans(() => index.run('acme', 'run-1')), { run: 1 });
      assertFoundBy(['tenant_id=?', 'task_id=?'], await plans(() => index.task('acme', 'task-1')), { task: 1 });
      assertFoundBy(byRun, await plans(() => index.remove([runKey])), { removed: 1 });
    }));
});

/** A file as earlier releases left it. */
const earlierIndexes = `
  DROP INDEX run_row_by_status;
  DROP INDEX run_row_by_segment;
  DROP INDEX run_row_by_correlation;
  DROP INDEX run_row_by_correlation_and_segment;
  DROP INDEX run_row_live;
  DROP INDEX task_row_by_status;
  DROP INDEX task_row_by_run;
  DROP INDEX run_row_by_parent;
  DROP INDEX task_row_by_segment;
  DROP INDEX task_row_by_holder;
  DROP INDEX task_row_by_holder_and_segment;
  DROP TABLE run_metadata;
  CREATE INDEX run_row_newest ON run_row (tenant_id, started_at DESC, run_id);
  CREATE INDEX run_row_status ON run_row (tenant_id, status, started_at DESC, run_id);
  CREATE INDEX run_row_segment ON run_row (tenant_id, segment_id, started_at DESC, run_id);
  CREATE INDEX run_row_correlation ON run_row (tenant_id, correlation_id, started_at DESC, run_id)
    WHERE correlation_id IS NOT NULL;
  CREATE INDEX task_row_newest ON task_row (tenant_id, created_at DESC, task_id);
  CREATE INDEX task_row_status ON task_row (tenant_id, status, created_at DESC, task_id);
  CREATE INDEX task_row_run ON task_row (tenant_id, run_id, created_at DESC, task_id);
`;

async function inFile<T>(file: string, use: (database: Database) => T): Promise<T> {
  const database = await openDatabase(file);
  try {
    return use(database);
  } finally {
    database.close();
  }
}

function indexesOf(file: string): Promise<readonly string[]> {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
  return inFile(file, (database) => database.prepare(sql).all().map(String));
}

const rows: readonly RunRow[] = Array.from({ length: 20 }, (_, number) => ({
  tenant_id: 'acme',
  run_id: `run-${number}`,
  segment_id: number % 2 === 0 ? 'even' : 'odd',
  status: number % 3 === 0 ? 'running' : 'completed',
  correlation_id: number % 4 === 0 ? 'four' : null,
  metadata: {},
  parent_run_id: null,
  started_at: number,
  ended_at: number % 3 === 0 ? null : number + 1,
}));

async function withFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-lists-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

spec('files that an earlier release wrote', (test) => {
  test('a store is gone on with, and its lists are read by the indexes of today', () =>
    withFolder(async (folder) => {
      const open = () => openSqliteBackend({ folder, clock: systemClock() });
      const file = join(folder, 'journal.db');
      const first = await open();
      await first.index.apply([{ partition: 0, position: 9, runs: rows, tasks: [] }]);
      await first.close();
      const today = await indexesOf(file);
      await inFile(file, (database) => database.exec(earlierIndexes));
      assert.not.equal(await indexesOf(file), today);
      const { index, close } = await open().then((backend) => ({
        index: backend.index,
        close: () => backend.close(),
      }));
      assert.is(await index.position(0), 9);
      const found = await index.runs({ tenant_id: 'acme', segment_id: 'even', correlation_id: 'four' });
      assert.equal(
        found.rows.map(({ run_id }) => run_id),
        ['run-16', 'run-12', 'run-8', 'run-4', 'run-0'],
      );
      assert.is((await index.live(null, 100)).length, 7);
      await close();
      assert.equal(await indexesOf(file), today);
    }));

  test("a gateway's lists are gone on with too", () =>
    withFolder(async (folder) => {
      const file = join(folder, 'index.db');
      const open = () => openRunIndex({ file, installation: 'one', longestAwayMs: 60_000 });
      const first = await open();
      await first.index.apply([{ partition: 0, position: 9, runs: rows, tasks: [] }]);
      await first.index.close();
      const today = await indexesOf(file);
      await inFile(file, (database) => database.exec(earlierIndexes));
      const { index, setAside } = await open();
      assert.is(setAside, null);
      assert.is((await index.runs({ tenant_id: 'acme', status: 'running' })).rows.length, 7);
      await index.close();
      assert.equal(await indexesOf(file), today);
    }));
});
