/** Conformance suite of `RunIndex`; numbers as in contracts/src/ports/run-index.ts. */
import * as assert from 'node:assert/strict';
import type { HumanTask, RunIndex, RunRow } from '@llmteam/contracts';
import { checkSupports, type Kit, rejectsWith, withPort, withReopened } from './kit.js';
import { runListLaws, taskListLaws } from './run-index-filter-laws.js';
import { runIndexRemovalLaws } from './run-index-removal-laws.js';
import { change, humanTask, ids, pagesOf, runRow, taskIds } from './run-index-samples.js';
import { runWaitLaws } from './run-index-wait-laws.js';

export function runIndexConformance(kit: Kit<RunIndex>): void {
  applyLaws(kit);
  runListLaws(kit);
  runWaitLaws(kit);
  taskListLaws(kit);
  pageLaws(kit);
  liveLaws(kit);
  runIndexRemovalLaws(kit);
  tenantAndCloseLaws(kit);
}

function liveLaws(kit: Kit<RunIndex>): void {
  const { test } = kit;

  test('I6 live lists the runs of all tenants that have not ended, page by page', () =>
    withPort(kit, async (index) => {
      const open = (tenantId: string, runId: string) => runRow(runId, 1, { tenant_id: tenantId });
      const ended = runRow('c', 1, { status: 'failed', ended_at: 2 });
      const paused = runRow('d', 1, { tenant_id: 'beta', status: 'paused' });
      await index.apply([
        change(1, { runs: [open('beta', 'a'), open('acme', 'b'), ended, paused, open('acme', 'a')] }),
      ]);
      const found: string[] = [];
      for (let after: RunRow | null = null; ; ) {
        const rows: readonly RunRow[] = await index.live(after, 2);
        found.push(...rows.map(({ tenant_id, run_id }) => `${tenant_id}/${run_id}`));
        after = rows.at(-1) ?? null;
        if (rows.length < 2) break;
      }
      assert.deepEqual(found, ['acme/a', 'acme/b', 'beta/a', 'beta/d']);
      await index.apply([change(2, { runs: [{ ...open('acme', 'b'), status: 'completed', ended_at: 3 }] })]);
      assert.deepEqual(
        (await index.live(null, 10)).map(({ run_id }) => run_id),
        ['a', 'a', 'd'],
      );
    }));
}

function applyLaws(kit: Kit<RunIndex>): void {
  const { test } = kit;

  test('the flags of a run index are known', () => withPort(kit, async (index) => checkSupports(index)));

  test('I1 applied rows are found, complete', () =>
    withPort(kit, async (index) => {
      const row = runRow('r', 5, { correlation_id: 'order-7', parent_run_id: 'p', status: 'failed', ended_at: 9 });
      const task = humanTask('r:approve', 5);
      await index.apply([change(1, { runs: [row], tasks: [task] })]);
      assert.deepEqual(await index.run('acme', 'r'), row);
      assert.deepEqual(await index.task('acme', 'r:approve'), task);
      assert.equal(await index.run('acme', 'none'), null);
      assert.equal(await index.task('acme', 'none'), null);
    }));

  test('I1 a later change replaces the rows it names and no others', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: [runRow('a', 1), runRow('b', 1)], tasks: [humanTask('t', 1)] })]);
      const ended = runRow('a', 1, { status: 'completed', ended_at: 5 });
      const closed = humanTask('t', 1, { status: 'closed', claimed_by: 'ann' });
      await index.apply([change(2, { runs: [ended] }), change(3, { tasks: [closed] })]);
      assert.deepEqual(await index.run('acme', 'a'), ended);
      assert.deepEqual(await index.run('acme', 'b'), runRow('b', 1));
      assert.deepEqual(await index.task('acme', 't'), closed);
    }));

  test('I1 of several changes to a row in one apply, or in concurrent ones, the last one wins', () =>
    withPort(kit, async (index) => {
      const at = (endedAt: number) => runRow('a', 1, { ended_at: endedAt });
      await index.apply([change(1, { runs: [at(1), runRow('b', 1)] }), change(2, { runs: [at(2)] })]);
      assert.deepEqual(await index.run('acme', 'a'), at(2));
      assert.deepEqual(await index.run('acme', 'b'), runRow('b', 1));
      await Promise.all([index.apply([change(3, { runs: [at(3)] })]), index.apply([change(4, { runs: [at(4)] })])]);
      assert.deepEqual(await index.run('acme', 'a'), at(4));
      assert.equal(await index.position(0), 4);
    }));

  test('I1 a change at or below the last applied position of its partition changes nothing', () =>
    withPort(kit, async (index) => {
      await index.apply([change(5, { runs: [runRow('a', 1)] })]);
      const stale = runRow('a', 1, { status: 'cancelled' });
      await index.apply([change(5, { runs: [stale] }), change(4, { runs: [stale, runRow('b', 1)] })]);
      await Promise.all([index.apply([change(6, {})]), index.apply([change(6, { runs: [stale] })])]);
      assert.deepEqual(await index.run('acme', 'a'), runRow('a', 1));
      assert.equal(await index.run('acme', 'b'), null);
      assert.equal(await index.position(0), 6);
    }));

  test('I1 positions are per partition', () =>
    withPort(kit, async (index) => {
      await index.apply([change(100, { runs: [runRow('a', 1)] })]);
      await index.apply([change(7, { runs: [runRow('b', 1)], partition: 3 })]);
      assert.notEqual(await index.run('acme', 'b'), null);
      assert.deepEqual([await index.position(0), await index.position(3)], [100, 7]);
    }));

  test('I1 an empty apply changes nothing', () =>
    withPort(kit, async (index) => {
      await index.apply([]);
      assert.equal(await index.position(0), 0);
    }));

  test('I4 the position of a partition is that of the last applied change, initially 0, also after a reopen', () =>
    withReopened(
      kit,
      async (index) => {
        assert.equal(await index.position(2), 0);
        await index.apply([change(3, { partition: 2, runs: [runRow('a', 1)] }), change(9, { partition: 2 })]);
        assert.equal(await index.position(2), 9);
      },
      async (index) => {
        assert.deepEqual([await index.position(2), await index.position(0)], [9, 0]);
        assert.deepEqual(await index.run('acme', 'a'), runRow('a', 1));
        await index.apply([change(9, { partition: 2, runs: [runRow('a', 2)] })]);
        assert.deepEqual(await index.run('acme', 'a'), runRow('a', 1));
      },
    ));

  test('I4 the position of a partition is initially 0, then that of the last applied change', () =>
    withPort(kit, async (index) => {
      assert.equal(await index.position(0), 0);
      await index.apply([change(3, {}), change(9, {})]);
      assert.equal(await index.position(0), 9);
    }));
}

function pageLaws(kit: Kit<RunIndex>): void {
  const { test } = kit;
  const many = Array.from({ length: 120 }, (_, number) =>
    runRow(`r${String(number).padStart(3, '0')}`, Math.floor(number / 7), {
      status: number % 3 ? 'running' : 'failed',
    }),
  );

  test('I2 pages contain every run once, in order, with any limit and filter', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: many })]);
      for (const [limit, filter] of [
        [1, {}],
        [7, {}],
        [50, {}],
        [120, {}],
        [5, { status: 'failed', since: 3 }],
      ] as const) {
        const query = { tenant_id: 'acme', ...filter };
        const all = (await index.runs({ ...query, limit: 1_000 })).rows;
        const paged = await pagesOf((cursor) => index.runs({ ...query, limit, ...(cursor && { cursor }) }));
        assert.deepEqual(paged, all);
        assert.ok(paged.length > limit / 2);
      }
    }));

  test('I2 pages neither repeat nor miss an existing run, whatever is applied between them', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: many })]);
      let position = 1;
      const paged = await pagesOf(
        (cursor) => index.runs({ tenant_id: 'acme', limit: 10, ...(cursor && { cursor }) }),
        async () => {
          position += 1;
          const newer = runRow(`new${position}`, 1_000 + position);
          const touched = many.map((row) => ({ ...row, status: 'completed' as const, ended_at: position }));
          await index.apply([change(position, { runs: [newer, ...touched] })]);
        },
      );
      const seen = paged.map((row) => row.run_id);
      assert.deepEqual([...seen].sort(), many.map((row) => row.run_id).sort());
    }));

  test('I2 the last page has no cursor, and a page holds 50 rows unless asked', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: many })]);
      const page = await index.runs({ tenant_id: 'acme' });
      assert.equal(page.rows.length, 50);
      assert.notEqual(page.cursor, null);
      assert.equal((await index.runs({ tenant_id: 'acme', limit: 120 })).cursor, null);
      assert.deepEqual(await index.runs({ tenant_id: 'nobody' }), { rows: [], cursor: null });
    }));

  test('a limit out of range and an invalid cursor are USAGE errors', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: many, tasks: [humanTask('t', 1), humanTask('u', 1)] })]);
      for (const limit of [0, -1, 1_001, 1.5, Number.NaN]) {
        await rejectsWith('USAGE', () => index.runs({ tenant_id: 'acme', limit }));
        await rejectsWith('USAGE', () => index.tasks({ tenant_id: 'acme', limit }));
      }
      const { cursor } = await index.runs({ tenant_id: 'acme', limit: 1 });
      assert.ok(cursor);
      for (const bad of ['', 'x', '🙂', `${cursor}x`, cursor.slice(1), Buffer.from('[1]').toString('base64url')]) {
        await rejectsWith('USAGE', () => index.runs({ tenant_id: 'acme', cursor: bad }));
        await rejectsWith('USAGE', () => index.tasks({ tenant_id: 'acme', cursor: bad }));
      }
      await rejectsWith('USAGE', () => index.tasks({ tenant_id: 'acme', cursor }));
    }));
}

function tenantAndCloseLaws(kit: Kit<RunIndex>): void {
  const { test } = kit;

  test('I3 a tenant finds only its own rows, even if others have the same ids', () =>
    withPort(kit, async (index) => {
      const foreign = { tenant_id: 'globex' };
      await index.apply([
        change(1, { runs: [runRow('a', 1), runRow('b', 1)], tasks: [humanTask('t', 1), humanTask('u', 1)] }),
        change(2, { runs: [runRow('a', 2, foreign)], tasks: [humanTask('t', 2, foreign)] }),
      ]);
      assert.deepEqual(await index.run('acme', 'a'), runRow('a', 1));
      assert.deepEqual(await index.run('globex', 'a'), runRow('a', 2, foreign));
      assert.equal(await index.run('globex', 'b'), null);
      assert.deepEqual(await index.task('globex', 't'), humanTask('t', 2, foreign));
      assert.equal(await index.task('globex', 'u'), null);
      assert.deepEqual((await index.runs(foreign)).rows, [runRow('a', 2, foreign)]);
      assert.deepEqual((await index.tasks({ ...foreign, run_id: 'run-1' })).rows, [humanTask('t', 2, foreign)]);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme' })), ['a', 'b']);
    }));

  test('I3 with the cursor of another tenant a tenant sees only its own rows', () =>
    withPort(kit, async (index) => {
      const foreign = { tenant_id: 'globex' };
      await index.apply([change(1, { runs: [runRow('b', 2), runRow('a', 1), runRow('c', 1, foreign)] })]);
      const { cursor } = await index.runs({ tenant_id: 'acme', limit: 1 });
      assert.ok(cursor);
      assert.deepEqual(ids(await index.runs({ ...foreign, cursor })), ['c']);
    }));

  test('I7 after clear nothing is listed, and changes are applied again from the first position', () =>
    withPort(kit, async (index) => {
      await index.apply([
        change(7, { runs: [runRow('a', 1), runRow('b', 2)], tasks: [humanTask('t', 1)] }),
        change(9, { runs: [runRow('c', 3, { tenant_id: 'globex' })], partition: 1 }),
      ]);
      await index.clear();
      assert.deepEqual([await index.position(0), await index.position(1)], [0, 0]);
      assert.deepEqual([await index.run('acme', 'a'), await index.task('acme', 't')], [null, null]);
      for (const tenantId of ['acme', 'globex']) {
        assert.deepEqual(await index.runs({ tenant_id: tenantId }), { rows: [], cursor: null });
        assert.deepEqual(await index.tasks({ tenant_id: tenantId }), { rows: [], cursor: null });
      }
      assert.deepEqual(await index.live(null, 10), []);
      await index.clear();
      await index.apply([change(1, { runs: [runRow('b', 2)], tasks: [humanTask('u', 1)] })]);
      assert.equal(await index.position(0), 1);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme' })), ['b']);
      assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'acme' })), ['u']);
    }));

  test('I7 clear affects what was applied before it and nothing after it, even concurrently', () =>
    withPort(kit, async (index) => {
      await index.apply([change(5, { runs: [runRow('kept', 1)] })]);
      await Promise.all([
        index.apply([change(6, { runs: [runRow('before', 2)], tasks: [humanTask('t', 1)] })]),
        index.clear(),
        index.apply([change(1, { runs: [runRow('after', 3)] })]),
      ]);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme' })), ['after']);
      assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'acme' })), []);
      assert.equal(await index.position(0), 1);
    }));

  test('I7 a cleared index is empty after a reopen', () =>
    withReopened(
      kit,
      async (index) => {
        await index.apply([change(3, { runs: [runRow('a', 1)], tasks: [humanTask('t', 1)] })]);
        await index.clear();
      },
      async (index) => {
        assert.equal(await index.position(0), 0);
        assert.deepEqual(ids(await index.runs({ tenant_id: 'acme' })), []);
        assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'acme' })), []);
      },
    ));

  test('I5 rows are copied when they are applied and read', () =>
    withPort(kit, async (index) => {
      const row = { ...runRow('a', 1) };
      const task = humanTask('t', 1);
      const applying = index.apply([change(1, { runs: [row], tasks: [task] })]);
      Object.assign(row, { status: 'failed' });
      Object.assign(task.request, { title: 'spoilt' });
      await applying;
      const reads = [
        async () => [await index.run('acme', 'a'), await index.task('acme', 't')],
        async () => [
          (await index.runs({ tenant_id: 'acme' })).rows[0],
          (await index.tasks({ tenant_id: 'acme' })).rows[0],
        ],
      ];
      for (const read of [...reads, ...reads]) {
        const [run, found] = await read();
        assert.deepEqual([run, found], [runRow('a', 1), humanTask('t', 1)]);
        Object.assign(run ?? {}, { status: 'cancelled' });
        Object.assign((found as HumanTask).request, { title: 'spoilt' });
      }
    }));

  test('I5 after close every method rejects with CLOSED, and close may be called again', () =>
    withPort(kit, async (index) => {
      await index.close();
      await rejectsWith('CLOSED', () => index.apply([change(1, {})]));
      await rejectsWith('CLOSED', () => index.apply([]));
      await rejectsWith('CLOSED', () => index.clear());
      await rejectsWith('CLOSED', () => index.remove([{ tenant_id: 'acme', run_id: 'a' }]));
      await rejectsWith('CLOSED', () => index.position(0));
      await rejectsWith('CLOSED', () => index.runs({ tenant_id: 'acme' }));
      await rejectsWith('CLOSED', () => index.run('acme', 'a'));
      await rejectsWith('CLOSED', () => index.live(null, 1));
      await rejectsWith('CLOSED', () => index.tasks({ tenant_id: 'acme' }));
      await rejectsWith('CLOSED', () => index.task('acme', 't'));
      await index.close();
    }));
}
