// takes: 30
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@llmteam/backend-embedded';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { type Cli, type Ended, jsonOf, withCli } from './support/cli.js';
import { startDev } from './support/dev-service.js';
import { approval, chain, doubling, transform, waiting } from './support/segments.js';

const patience = { timeoutMs: 120_000 };

const asking = {
  ...chain('asking', [approval('ask', 'Publish?'), transform('say', 'input')], { params: { timeout_seconds: null } }),
  edges: [{ from: 'ask', from_port: 'approved', to: 'say' }],
};

interface Rebuilt {
  readonly stores: number;
  readonly runs: number;
  readonly tasks: number;
  readonly duration_ms: number;
}

/** Without what runs wait for: that is noted anew by whoever drives them for two seconds. */
async function lists(cli: Cli): Promise<Ended[]> {
  const calls = [
    ['runs', 'list', '--json'],
    ['runs', 'list', '--json', '--tenant', 'globex'],
    ['tasks', 'list', '--json'],
  ];
  const ended = await Promise.all(calls.map((args) => cli.call(args)));
  return ended.map((call) => ({ ...call, stdout: call.stdout.replace(/\n *"waiting_for": \[[^\]]*\],/g, '') }));
}

/** Ended runs, a waiting one whose process was killed, and open, claimed and closed tasks, in two stores. */
async function withRuns(use: (cli: Cli) => Promise<void>): Promise<void> {
  await withCli(async (cli) => {
    const [double, wait, ask] = [doubling, waiting, asking].map((segment) =>
      cli.write(`${segment.segment_id}.json`, segment),
    );
    const waitingRun = cli.start(['run', String(wait), '--json']);
    await waitingRun.event('step.waiting', 'wait');
    await cli.call(['run', String(double), '--tenant', 'globex']);
    await cli.call(['run', String(double)]);
    for (const act of [[], ['claim'], ['answer', '--approve']]) {
      const asked = cli.start(['run', String(ask), '--json']);
      const { payload } = await asked.event('human.task_created');
      const [name, ...options] = act;
      if (name !== undefined) {
        const { code, stderr } = await cli.call(['tasks', name, payload.task_id, ...options, '--by', 'ann']);
        assert.is(code, 0, stderr);
      }
      if (name !== 'answer') asked.signal('SIGKILL');
      await asked.ended;
    }
    waitingRun.signal('SIGKILL');
    await waitingRun.ended;
    await use(cli);
  });
}

/** Executes SQL on every store behind its back. */
async function damage(cli: Cli, sql: string): Promise<void> {
  const stores = join(cli.folder, '.llmteam', 'stores');
  for (const number of readdirSync(stores)) {
    const database = await openDatabase(join(stores, number, 'journal.db'));
    database.exec(sql);
    database.close();
  }
}

const damages: readonly (readonly [string, string])[] = [
  [
    'rows that say something else',
    "UPDATE run_row SET status = 'failed', segment_id = 'x'; UPDATE task_row SET body = '{}'",
  ],
  ['rows that are gone', 'DELETE FROM run_row; DELETE FROM task_row'],
  [
    'rows of runs that never were',
    `INSERT INTO run_row SELECT tenant_id, 'never-' || run_id, segment_id, status, correlation_id, parent_run_id, started_at, ended_at
     FROM run_row`,
  ],
  ['positions beyond the end', 'UPDATE index_position SET position = 1000000; DELETE FROM run_row'],
];

spec('llmteam index rebuild', (test) => {
  test(
    'gives the lists as they were before they were damaged, of all stores and tenants',
    () =>
      withRuns(async (cli) => {
        const before = await lists(cli);
        const [runs = '', foreign = '', tasks = ''] = before.map(({ stdout }) => stdout);
        const count = [...`${runs}${foreign}`.matchAll(/"run_id"/g)].length;
        assert.equal([count, [...tasks.matchAll(/"task_id"/g)].length], [6, 3]);
        for (const status of ['open', 'claimed', 'closed']) assert.match(tasks, new RegExp(`"status": "${status}"`));
        for (const [what, sql] of damages) {
          await damage(cli, sql);
          assert.not.equal(await lists(cli), before, `${what} are seen`);
          const rebuilt = jsonOf<Rebuilt>(await cli.call(['index', 'rebuild', '--json']));
          assert.equal({ ...rebuilt, duration_ms: 0 }, { stores: 2, runs: 6, tasks: 3, duration_ms: 0 });
          assert.ok(rebuilt.duration_ms > 0);
          assert.equal(await lists(cli), before, what);
        }
        const told = await cli.call(['index', 'rebuild']);
        assert.equal([told.code, told.stderr], [0, '']);
        assert.match(told.stdout, /^6 runs and 3 tasks of 2 stores re-indexed in [0-9.]+s\.\n$/);
      }),
    patience,
  );

  test(
    'refuses while a service has the store, and says what to do',
    () =>
      withCli(async (cli) => {
        const dev = await startDev(cli);
        const { code, stdout, stderr } = await cli.call(['index', 'rebuild']);
        assert.equal([code, stdout], [1, '']);
        assert.match(stderr, /^error STORE_LOCKED: the store '\S+' belongs to another process; stop 'llmteam dev'/);
        await dev.stop();
        assert.is((await cli.call(['index', 'rebuild'])).code, 0);
      }),
    patience,
  );

  test(
    'has nothing to do where there are no stores',
    () =>
      withCli(async ({ call }) => {
        const told = await call(['index', 'rebuild']);
        assert.is(told.code, 0, told.stderr);
        assert.match(told.stdout, /^0 runs and 0 tasks of 0 stores /);
      }),
    patience,
  );
});
