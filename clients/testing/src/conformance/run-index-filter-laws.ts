/** The part of the suite of `RunIndex` about filters and the order of rows. */
import * as assert from 'node:assert/strict';
import { type RunIndex, type RunQuery, type RunRow, runsPerIdPrefix } from '@llmteam/contracts';
import { type Kit, rejectsWith, withPort } from './kit.js';
import { change, humanTask, ids, pagesOf, runRow, taskIds } from './run-index-samples.js';

export function runListLaws(kit: Kit<RunIndex>): void {
  const { test } = kit;

  test('I2 runs are listed newest first, ties by id', () =>
    withPort(kit, async (index) => {
      const rows = [runRow('b', 5), runRow('z', 9), runRow('a', 5), runRow('c', 5), runRow('y', 1)];
      await index.apply([change(1, { runs: rows })]);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme' })), ['z', 'a', 'b', 'c', 'y']);
    }));

  test('I2 runs are filtered by segment, status, correlation id and start time, alone and combined', () =>
    withPort(kit, async (index) => {
      const rows = [
        runRow('a', 1, { status: 'completed', correlation_id: 'x' }),
        runRow('b', 2, { segment_id: 'other', correlation_id: 'x' }),
        runRow('c', 3, { segment_id: 'other', status: 'completed', correlation_id: 'x' }),
        runRow('d', 4, { segment_id: 'other', status: 'completed' }),
      ];
      await index.apply([change(1, { runs: rows })]);
      const found = async (query: object) => ids(await index.runs({ tenant_id: 'acme', ...query }));
      assert.deepEqual(await found({ segment_id: 'other' }), ['d', 'c', 'b']);
      assert.deepEqual(await found({ status: 'completed' }), ['d', 'c', 'a']);
      assert.deepEqual(await found({ correlation_id: 'x' }), ['c', 'b', 'a']);
      assert.deepEqual(await found({ since: 3 }), ['d', 'c']);
      const all = { segment_id: 'other', status: 'completed', correlation_id: 'x', since: 2 };
      assert.deepEqual(await found(all), ['c']);
      assert.deepEqual(await found({ ...all, since: 4 }), []);
      assert.deepEqual(await found({ until: 3 }), ['b', 'a']);
      assert.deepEqual(await found({ since: 2, until: 4, status: 'completed' }), ['c']);
    }));

  test('I2 of several statuses any is listed, once', () =>
    withPort(kit, async (index) => {
      const statuses = ['pending', 'running', 'paused', 'completed', 'failed', 'cancelled', 'timeout'] as const;
      await index.apply([change(1, { runs: statuses.map((status, at) => runRow(status, at, { status })) })]);
      const found = async (status: RunQuery['status'] & object) => ids(await index.runs({ tenant_id: 'acme', status }));
      assert.deepEqual(await found(['failed', 'running']), ['failed', 'running']);
      assert.deepEqual(await found(['timeout', 'timeout', 'paused']), ['timeout', 'paused']);
      assert.deepEqual(await found([]), []);
    }));

  test('I2 runs are filtered by parent, alone and with other filters', () =>
    withPort(kit, async (index) => {
      const of = (parent: string | null, more: Partial<RunRow> = {}) => ({ parent_run_id: parent, ...more });
      const rows = [
        runRow('a', 1, of('p')),
        runRow('b', 2, of('q')),
        runRow('c', 3, of('p', { segment_id: 'other', correlation_id: 'x', metadata: { env: 'test' } })),
        runRow('d', 4, of(null, { segment_id: 'other', correlation_id: 'x', metadata: { env: 'test' } })),
        runRow('e', 5, of('p', { status: 'failed' })),
      ];
      await index.apply([change(1, { runs: rows })]);
      const found = async (query: object) => ids(await index.runs({ tenant_id: 'acme', parent_run_id: 'p', ...query }));
      assert.deepEqual(await found({}), ['e', 'c', 'a']);
      assert.deepEqual(await found({ status: 'running' }), ['c', 'a']);
      assert.deepEqual(await found({ segment_id: 'other' }), ['c']);
      assert.deepEqual(await found({ correlation_id: 'x', metadata: { env: 'test' } }), ['c']);
      assert.deepEqual(await found({ since: 2, until: 5 }), ['c']);
    }));

  test('I2 runs are filtered by entries of their metadata, alone and with other filters, in pages', () =>
    withPort(kit, async (index) => {
      const rows = [
        runRow('a', 1, { metadata: { env: 'test', team: 'red' } }),
        runRow('b', 2, { metadata: { env: 'live', team: 'red' }, correlation_id: 'x' }),
        runRow('c', 3, { metadata: { team: 'test' } }),
        runRow('d', 4, { metadata: { env: 'test', team: 'blue' }, segment_id: 'other', status: 'failed' }),
        runRow('e', 5, { metadata: { env: 'test', odd: '\' " % 😀' } }),
        runRow('f', 6),
      ];
      await index.apply([change(1, { runs: rows })]);
      const found = async (query: object) => ids(await index.runs({ tenant_id: 'acme', ...query }));
      assert.deepEqual(await found({ metadata: { env: 'test' } }), ['e', 'd', 'a']);
      assert.deepEqual(await found({ metadata: { env: 'test', team: 'red' } }), ['a']);
      assert.deepEqual(await found({ metadata: { team: 'red', env: 'test' } }), ['a']);
      assert.deepEqual(await found({ metadata: { odd: '\' " % 😀' } }), ['e']);
      assert.deepEqual(await found({ metadata: { env: 'tes' } }), []);
      assert.deepEqual(await found({ metadata: {} }), ['f', 'e', 'd', 'c', 'b', 'a']);
      assert.deepEqual(await found({ metadata: { env: 'test' }, segment_id: 'other' }), ['d']);
      assert.deepEqual(await found({ metadata: { env: 'test' }, status: ['failed', 'paused'] }), ['d']);
      assert.deepEqual(await found({ metadata: { team: 'red' }, correlation_id: 'x' }), ['b']);
      assert.deepEqual(await found({ metadata: { env: 'test' }, since: 2, until: 5 }), ['d']);
      const paged = await pagesOf((cursor) =>
        index.runs({ tenant_id: 'acme', metadata: { env: 'test' }, limit: 1, ...(cursor && { cursor }) }),
      );
      assert.deepEqual(paged, [rows[4], rows[3], rows[0]]);
    }));

  test('I2 the metadata of a run follows its row', () =>
    withPort(kit, async (index) => {
      const row = runRow('a', 1, { metadata: { env: 'test', team: 'red' } });
      await index.apply([change(1, { runs: [row] })]);
      const later = { ...row, status: 'completed', ended_at: 2, metadata: { env: 'test' } } as const;
      await index.apply([change(2, { runs: [later] })]);
      const found = async (query: object) => ids(await index.runs({ tenant_id: 'acme', ...query }));
      assert.deepEqual(await index.run('acme', 'a'), later);
      assert.deepEqual(await found({ metadata: { env: 'test' }, status: 'running' }), []);
      assert.deepEqual(await found({ metadata: { env: 'test' }, status: 'completed' }), ['a']);
      assert.deepEqual(await found({ metadata: { team: 'red' } }), []);
      await index.remove([row]);
      assert.deepEqual(await found({ metadata: { env: 'test' } }), []);
      await index.apply([change(3, { runs: [runRow('a', 1)] })]);
      assert.deepEqual((await index.run('acme', 'a'))?.metadata, {});
    }));

  test('I10 runs are found by the beginning of their id, newest first, up to a number of runs', () =>
    withPort(kit, async (index) => {
      const rows = ['abc', 'abd', 'ab', 'b', 'aB', 'ab.1', 'ab-1'].map((id, at) => runRow(id, at));
      await index.apply([change(1, { runs: [...rows, runRow('abc', 9, { tenant_id: 'globex' })] })]);
      const found = async (query: object) => ids(await index.runs({ tenant_id: 'acme', ...query }));
      assert.deepEqual(await found({ run_id_prefix: 'ab' }), ['ab-1', 'ab.1', 'ab', 'abd', 'abc']);
      assert.deepEqual(await found({ run_id_prefix: 'abc' }), ['abc']);
      assert.deepEqual(await found({ run_id_prefix: 'x' }), []);
      assert.deepEqual(await found({ run_id_prefix: 'ab', since: 1, until: 6, status: 'running' }), [
        'ab.1',
        'ab',
        'abd',
      ]);
      const pages = await pagesOf((cursor) =>
        index.runs({ tenant_id: 'acme', run_id_prefix: 'ab', limit: 2, ...(cursor && { cursor }) }),
      );
      assert.equal(pages.length, 5);
      const crowd = Array.from({ length: runsPerIdPrefix + 1 }, (_, number) => runRow(`k${number}`, number));
      await index.apply([change(2, { runs: crowd })]);
      await rejectsWith('LIMIT_EXCEEDED', () => index.runs({ tenant_id: 'acme', run_id_prefix: 'k' }));
      assert.equal((await found({ run_id_prefix: 'k1', limit: 1_000 })).length, 112);
    }));

  test('I2 a run whose status changes leaves one filter and enters the other', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: [runRow('a', 1)] })]);
      await index.apply([change(2, { runs: [runRow('a', 1, { status: 'completed', ended_at: 2 })] })]);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme', status: 'running' })), []);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme', status: 'completed' })), ['a']);
    }));
}

export function taskListLaws(kit: Kit<RunIndex>): void {
  const { test } = kit;

  test('I2 tasks are listed newest first, ties by id, and filtered by run and status', () =>
    withPort(kit, async (index) => {
      const tasks = [
        humanTask('b', 5),
        humanTask('z', 9, { status: 'closed' }),
        humanTask('a', 5, { run_id: 'run-2' }),
        humanTask('y', 1, { run_id: 'run-2', status: 'closed' }),
      ];
      await index.apply([change(1, { tasks })]);
      const found = async (query: object) => taskIds(await index.tasks({ tenant_id: 'acme', ...query }));
      assert.deepEqual(await found({}), ['z', 'a', 'b', 'y']);
      assert.deepEqual(await found({ run_id: 'run-2' }), ['a', 'y']);
      assert.deepEqual(await found({ status: 'closed' }), ['z', 'y']);
      assert.deepEqual(await found({ status: 'closed', run_id: 'run-2' }), ['y']);
      assert.deepEqual(await found({ status: 'claimed' }), []);
      assert.deepEqual(await found({ status: ['claimed', 'closed'] }), ['z', 'y']);
      assert.deepEqual(await found({ status: [] }), []);
    }));

  test('I2 tasks are filtered by segment and by who has them: the claimer, or else the assignee', () =>
    withPort(kit, async (index) => {
      const request = { ...humanTask('', 0).request, assignee: 'ann' };
      const tasks = [
        humanTask('a', 1, { request }),
        humanTask('b', 2, { request, status: 'claimed', claimed_by: 'bob' }),
        humanTask('c', 3, { status: 'claimed', claimed_by: 'ann', segment_id: 'other' }),
        humanTask('d', 4, { segment_id: 'other', run_id: 'run-2' }),
        humanTask('e', 5, { request, segment_id: 'other', status: 'closed', run_id: 'run-2' }),
      ];
      await index.apply([change(1, { tasks })]);
      const found = async (query: object) => taskIds(await index.tasks({ tenant_id: 'acme', ...query }));
      assert.deepEqual(await found({ assignee: 'ann' }), ['e', 'c', 'a']);
      assert.deepEqual(await found({ assignee: 'bob' }), ['b']);
      assert.deepEqual(await found({ assignee: '' }), []);
      assert.deepEqual(await found({ segment_id: 'other' }), ['e', 'd', 'c']);
      assert.deepEqual(await found({ segment_id: 'other', assignee: 'ann' }), ['e', 'c']);
      assert.deepEqual(await found({ segment_id: 'other', assignee: 'ann', status: ['open', 'claimed'] }), ['c']);
      assert.deepEqual(await found({ run_id: 'run-2', segment_id: 'other', assignee: 'ann' }), ['e']);
      await index.apply([change(2, { tasks: [humanTask('b', 2, { request })] })]);
      assert.deepEqual(await found({ assignee: 'ann', status: 'open' }), ['b', 'a']);
    }));

  test('I2 pages of tasks contain every task once', () =>
    withPort(kit, async (index) => {
      const tasks = Array.from({ length: 25 }, (_, number) => humanTask(`t${number}`, Math.floor(number / 4)));
      await index.apply([change(1, { tasks })]);
      const all = (await index.tasks({ tenant_id: 'acme' })).rows;
      const paged = await pagesOf((cursor) => index.tasks({ tenant_id: 'acme', limit: 4, ...(cursor && { cursor }) }));
      assert.deepEqual(paged, all);
      assert.equal(paged.length, 25);
    }));
}
