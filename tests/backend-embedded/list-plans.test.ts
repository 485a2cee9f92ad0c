import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Database,
  open_database,
  open_run_index,
  open_sqlite_backend,
  SqliteRunIndex,
  type SqlValue,
  store_file,
  system_clock,
} from '@llmteam/backend-embedded';
import type { RunQuery, RunRow, TaskQuery } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';

interface Asked {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

interface Watched {
  readonly index: SqliteRunIndex;
  /** How SQLite goes about each statement that `act` executes, one line per step. */
  plans(act: () => Promise<unknown>): Promise<readonly string[]>;
}

/** A run index whose statements are looked at. What is applied is written when `write` is called. */
async function with_watched_index(use: (watched: Watched) => Promise<void>): Promise<void> {
  const database = await open_database(':memory:');
  database.exec(`${store_file.schema} ${store_file.indexes}`);
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
    return asked.flatMap(({ sql, values }) => plan_of(database, sql, values));
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

function plan_of(database: Database, sql: string, values: readonly SqlValue[]): readonly string[] {
  const steps = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values);
  return steps.map((step) => String(step.at(-1)));
}

/** The rows are found by `terms`, and come in order: nothing is walked through and nothing sorted. */
function assert_found_by(terms: readonly string[], plan: readonly string[], what: object): void {
  const said = `${JSON.stringify(what)}:\n${plan.join('\n')}`;
  const walks = plan.filter((step) => /SCAN (run_row|task_row)|TEMP B-TREE/.test(step));
  assert.equal(walks, [], said);
  const searches = plan.filter((step) => /SEARCH (run_row|task_row)/.test(step));
  assert.ok(searches.length > 0, said);
  for (const search of searches) {
    for (const term of terms) assert.ok(search.includes(term), `${term} does not find rows in ${said}`);
  }
}

/** Every choice of some of the members, none and all of them too. */
function choices<T extends object>(members: T): Partial<T>[] {
  return Object.entries(members).reduce<Partial<T>[]>(
    (found, [name, value]) => found.flatMap((choice) => [choice, { ...choice, [name]: value }]),
    [{}],
  );
}

const cursor_of = (kind: string): string => Buffer.from(JSON.stringify([kind, 5, 'x'])).toString('base64url');

function terms_of(query: object, at: string): string[] {
  const equal = Object.keys(query).filter((name) => name !== 'since' && name !== 'cursor');
  const terms = ['tenant_id=?', 'status=?', ...equal.map((name) => `${name}=?`)];
  if ('since' in query) terms.push(`${at}>?`);
  if ('cursor' in query) terms.push(`${at}<?`);
  return terms;
}

const run_key = { tenant_id: 'acme', run_id: 'run-1' };

spec('how the lists are read', (test) => {
  test('no list of runs walks through rows, whatever is asked for and however deep', () =>
    with_watched_index(async ({ index, plans }) => {
      const members: Omit<RunQuery, 'tenant_id'> = {
        segment_id: 's',
        status: 'failed',
        correlation_id: 'c',
        since: 1,
        cursor: cursor_of('runs'),
      };
      const queries = choices(members);
      assert.is(queries.length, 32);
      for (const query of queries) {
        const plan = await plans(() => index.runs({ tenant_id: 'acme', ...query }));
        assert_found_by(terms_of(query, 'started_at'), plan, query);
      }
    }));

  test('no list of tasks walks through rows, whatever is asked for and however deep', () =>
    with_watched_index(async ({ index, plans }) => {
      const members: Omit<TaskQuery, 'tenant_id'> = { run_id: 'run-1', status: 'open', cursor: cursor_of('tasks') };
      for (const query of choices(members)) {
        const plan = await plans(() => index.tasks({ tenant_id: 'acme', ...query }));
        assert_found_by(terms_of(query, 'created_at'), plan, query);
      }
    }));

  test('live runs are found without those that have ended', () =>
    with_watched_index(async ({ index, plans }) => {
      for (const after of [null, run_key]) {
        const plan = await plans(() => index.live(after, 10));
        assert_found_by(['run_row_live', '(tenant_id,run_id)>(?,?)'], plan, { after });
      }
    }));

  test('one run, one task, and the rows of a run that goes are found by their ids', () =>
    with_watched_index(async ({ index, plans }) => {
      const by_run = ['tenant_id=?', 'run_id=?'];
      assert_found_by(by_run, await plans(() => index.run('acme', 'run-1')), { run: 1 });
      assert_found_by(['tenant_id=?', 'task_id=?'], await plans(() => index.task('acme', 'task-1')), { task: 1 });
      assert_found_by(by_run, await plans(() => index.remove([run_key])), { removed: 1 });
    }));
});

/** As releases before left a file. */
const earlier_indexes = `
  DROP INDEX run_row_by_status;
  DROP INDEX run_row_by_segment;
  DROP INDEX run_row_by_correlation;
  DROP INDEX run_row_by_correlation_and_segment;
  DROP INDEX run_row_live;
  DROP INDEX task_row_by_status;
  DROP INDEX task_row_by_run;
  CREATE INDEX run_row_newest ON run_row (tenant_id, started_at DESC, run_id);
  CREATE INDEX run_row_status ON run_row (tenant_id, status, started_at DESC, run_id);
  CREATE INDEX run_row_segment ON run_row (tenant_id, segment_id, started_at DESC, run_id);
  CREATE INDEX run_row_correlation ON run_row (tenant_id, correlation_id, started_at DESC, run_id)
    WHERE correlation_id IS NOT NULL;
  CREATE INDEX task_row_newest ON task_row (tenant_id, created_at DESC, task_id);
  CREATE INDEX task_row_status ON task_row (tenant_id, status, created_at DESC, task_id);
  CREATE INDEX task_row_run ON task_row (tenant_id, run_id, created_at DESC, task_id);
`;

async function in_file<T>(file: string, use: (database: Database) => T): Promise<T> {
  const database = await open_database(file);
  try {
    return use(database);
  } finally {
    database.close();
  }
}

function indexes_of(file: string): Promise<readonly string[]> {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL ORDER BY name";
  return in_file(file, (database) => database.prepare(sql).all().map(String));
}

const rows: readonly RunRow[] = Array.from({ length: 20 }, (_, number) => ({
  tenant_id: 'acme',
  run_id: `run-${number}`,
  segment_id: number % 2 === 0 ? 'even' : 'odd',
  status: number % 3 === 0 ? 'running' : 'completed',
  correlation_id: number % 4 === 0 ? 'four' : null,
  parent_run_id: null,
  started_at: number,
  ended_at: number % 3 === 0 ? null : number + 1,
}));

async function with_folder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-lists-'));
  try {
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

spec('files that an earlier release wrote', (test) => {
  test('a store is gone on with, and its lists are read by the indexes of today', () =>
    with_folder(async (folder) => {
      const open = () => open_sqlite_backend({ folder, clock: system_clock() });
      const file = join(folder, 'journal.db');
      const first = await open();
      await first.index.apply([{ partition: 0, position: 9, runs: rows, tasks: [] }]);
      await first.close();
      const today = await indexes_of(file);
      await in_file(file, (database) => database.exec(earlier_indexes));
      assert.not.equal(await indexes_of(file), today);
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
      assert.equal(await indexes_of(file), today);
    }));

  test("a gateway's lists are gone on with too", () =>
    with_folder(async (folder) => {
      const file = join(folder, 'index.db');
      const open = () => open_run_index({ file, installation: 'one', longest_away_ms: 60_000 });
      const first = await open();
      await first.index.apply([{ partition: 0, position: 9, runs: rows, tasks: [] }]);
      await first.index.close();
      const today = await indexes_of(file);
      await in_file(file, (database) => database.exec(earlier_indexes));
      const { index, set_aside } = await open();
      assert.is(set_aside, null);
      assert.is((await index.runs({ tenant_id: 'acme', status: 'running' })).rows.length, 7);
      await index.close();
      assert.equal(await indexes_of(file), today);
    }));
});
