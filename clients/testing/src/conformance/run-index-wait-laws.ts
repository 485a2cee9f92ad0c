/** The part of the suite of `RunIndex` about what runs wait for. */
import * as assert from 'node:assert/strict';
import type { RunIndex, RunQuery, RunWaits } from '@llmteam/contracts';
import { type Kit, withPort } from './kit.js';
import { change, ids, pagesOf, runRow } from './run-index-samples.js';

function note(runId: string, startedAt: number, ...waits: string[]): RunWaits {
  return { tenant_id: 'acme', run_id: runId, started_at: startedAt, waits };
}

export function runWaitLaws(kit: Kit<RunIndex>): void {
  const { test } = kit;
  const rows = [
    runRow('a', 1),
    runRow('b', 2, { segment_id: 'other', metadata: { env: 'test' } }),
    runRow('c', 3, { status: 'paused', parent_run_id: 'p' }),
    runRow('d', 4, { correlation_id: 'x' }),
    runRow('e', 5),
    runRow('f', 6, { status: 'completed', ended_at: 7 }),
  ];
  const notes = [
    note('a', 1, 'signal'),
    note('b', 2, 'signal', 'worker:fetch@1', 'worker:think@1'),
    note('c', 3, 'paused', 'task'),
    note('d', 4, 'running:w1', 'worker:think@1'),
    note('f', 6, 'signal'),
  ];

  test('I11 runs are filtered by what they wait for: a kind, some keys of it or others, alone and with other filters', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: rows })]);
      await index.noteWaits(notes);
      const found = async (waits: RunQuery['waits'] & object, query: object = {}) =>
        ids(await index.runs({ tenant_id: 'acme', waits, ...query }));
      assert.deepEqual(await found([{ kind: 'signal' }]), ['b', 'a']);
      assert.deepEqual(await found([{ kind: 'worker' }]), ['d', 'b']);
      assert.deepEqual(await found([{ kind: 'worker', only: ['worker:fetch@1'] }]), ['b']);
      assert.deepEqual(await found([{ kind: 'worker', except: ['worker:think@1'] }]), ['b']);
      assert.deepEqual(await found([{ kind: 'worker', except: ['worker:think@1', 'worker:fetch@1'] }]), []);
      assert.deepEqual(await found([{ kind: 'worker', only: [] }]), []);
      assert.deepEqual(await found([{ kind: 'paused' }]), ['c']);
      assert.deepEqual(await found([{ kind: 'wor' }]), []);
      assert.deepEqual(await found([]), []);
      assert.deepEqual(await found([{ kind: 'signal' }, { kind: 'worker' }, { kind: 'paused' }]), ['d', 'c', 'b', 'a']);
      assert.deepEqual(await found([{ kind: 'worker' }], { segment_id: 'other' }), ['b']);
      assert.deepEqual(await found([{ kind: 'worker' }], { metadata: { env: 'test' } }), ['b']);
      assert.deepEqual(await found([{ kind: 'worker' }], { correlation_id: 'x' }), ['d']);
      assert.deepEqual(await found([{ kind: 'worker' }, { kind: 'paused' }], { parent_run_id: 'p' }), ['c']);
      assert.deepEqual(await found([{ kind: 'signal' }], { run_id_prefix: 'a' }), ['a']);
      assert.deepEqual(await found([{ kind: 'worker' }], { run_id_prefix: 'a' }), []);
      assert.deepEqual(await found([{ kind: 'worker' }], { since: 3 }), ['d']);
      assert.deepEqual(await found([{ kind: 'signal' }, { kind: 'paused' }], { until: 3 }), ['b', 'a']);
      assert.deepEqual(await found([{ kind: 'task' }], { status: 'running' }), []);
      assert.deepEqual(await found([{ kind: 'task' }], { status: ['paused', 'failed'] }), ['c']);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'globex', waits: [{ kind: 'signal' }] })), []);
    }));

  test('I11 pages of runs by what they wait for contain every run once', () =>
    withPort(kit, async (index) => {
      const many = Array.from({ length: 30 }, (_, number) => runRow(`r${number}`, Math.floor(number / 4)));
      await index.apply([change(1, { runs: many })]);
      await index.noteWaits(
        many.map(({ run_id, started_at }, number) =>
          note(run_id, started_at, ...(number % 3 === 0 ? ['signal'] : ['signal', 'worker:think@1'])),
        ),
      );
      const waits = [{ kind: 'worker' }, { kind: 'signal' }];
      for (const limit of [1, 4, 30]) {
        const read = (cursor?: string) => index.runs({ tenant_id: 'acme', waits, limit, ...(cursor && { cursor }) });
        const paged = await pagesOf(read);
        assert.deepEqual(
          paged.map(({ run_id }) => run_id),
          ids(await index.runs({ tenant_id: 'acme' })),
        );
      }
    }));

  test('I11 rows of live runs say what they wait for, whichever came first; those of others do not', () =>
    withPort(kit, async (index) => {
      await index.noteWaits(notes);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme', waits: [{ kind: 'signal' }] })), []);
      await index.apply([change(1, { runs: rows })]);
      assert.deepEqual(await index.run('acme', 'b'), { ...rows[1], waits: notes[1]?.waits });
      assert.deepEqual(await index.run('acme', 'f'), rows[5]);
      const shown = (await index.runs({ tenant_id: 'acme' })).rows.map(({ run_id, waits }) => [run_id, waits]);
      const waits = (runId: string) => notes.find(({ run_id }) => run_id === runId)?.waits;
      const expected = ['e', 'd', 'c', 'b', 'a'].map((runId) => [runId, waits(runId)]);
      assert.deepEqual(shown, [['f', undefined], ...expected]);
      assert.deepEqual(
        (await index.live(null, 2)).map((row) => row.waits),
        [['signal'], notes[1]?.waits],
      );
    }));

  test('I11 a note is replaced, and removed by one without waits; rows that are applied do not change it', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: rows })]);
      await index.noteWaits(notes);
      const [first] = (await index.runs({ tenant_id: 'acme', limit: 1, waits: [{ kind: 'signal' }] })).rows;
      await index.noteWaits([note('b', 2, 'timer'), note('a', 1), note('z', 1)]);
      assert.ok(first);
      await index.apply([change(2, { runs: [first] })]);
      assert.deepEqual((await index.run('acme', 'b'))?.waits, ['timer']);
      assert.deepEqual(await index.run('acme', 'a'), rows[0]);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme', waits: [{ kind: 'signal' }] })), []);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme', waits: [{ kind: 'timer' }] })), ['b']);
      assert.equal(await index.position(0), 2);
    }));

  test('I11 a run that has ended, is removed or cleared waits for nothing', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: rows })]);
      await index.noteWaits(notes);
      const signals = async () => ids(await index.runs({ tenant_id: 'acme', waits: [{ kind: 'signal' }] }));
      const byMetadata = { metadata: { env: 'test' }, waits: [{ kind: 'signal' }] };
      await index.apply([
        change(2, { runs: [{ ...runRow('b', 2, { status: 'failed', ended_at: 9 }), metadata: { env: 'test' } }] }),
      ]);
      assert.deepEqual(await signals(), ['a']);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme', ...byMetadata })), []);
      assert.equal((await index.run('acme', 'b'))?.waits, undefined);
      await index.remove([runRow('a', 1)]);
      await index.apply([change(3, { runs: [runRow('a', 1)] })]);
      assert.deepEqual(await index.run('acme', 'a'), runRow('a', 1));
      await index.clear();
      await index.apply([change(1, { runs: rows })]);
      assert.deepEqual(await index.run('acme', 'd'), rows[3]);
    }));
}
