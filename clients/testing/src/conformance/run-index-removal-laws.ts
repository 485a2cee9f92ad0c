/** The laws of removed and of redacted runs in a `RunIndex`. */
import * as assert from 'node:assert/strict';
import type { RunIndex } from '@llmteam/contracts';
import { type Kit, withPort, withReopened } from './kit.js';
import { change, humanTask, ids, runRow, taskIds } from './run-index-samples.js';

export function runIndexRemovalLaws(kit: Kit<RunIndex>): void {
  const { test } = kit;
  const ofRun = (runId: string, tenantId = 'acme') => ({
    runs: [runRow(runId, 1, { tenant_id: tenantId })],
    tasks: [humanTask(`${runId}:ask`, 1, { tenant_id: tenantId, run_id: runId })],
  });

  test('I8 removed runs and their tasks are no longer listed; the rest stays', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, ofRun('a')), change(2, ofRun('b')), change(3, ofRun('a', 'beta'))]);
      await index.remove([
        { tenant_id: 'acme', run_id: 'a' },
        { tenant_id: 'acme', run_id: 'none' },
      ]);
      await index.remove([]);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme' })), ['b']);
      assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'acme' })), ['b:ask']);
      assert.equal(await index.run('acme', 'a'), null);
      assert.equal(await index.task('acme', 'a:ask'), null);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'beta' })), ['a']);
      assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'beta' })), ['a:ask']);
      assert.equal(await index.position(0), 3);
    }));

  const redacted = runRow('a', 5, { status: 'failed', ended_at: 9, redacted: true });

  test('I9 the row of a redacted run says so in every list, and its tasks are gone', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, ofRun('a')), change(2, ofRun('b')), change(3, ofRun('a', 'beta'))]);
      await index.apply([change(4, { runs: [redacted] })]);
      assert.deepEqual(await index.run('acme', 'a'), redacted);
      const { rows } = await index.runs({ tenant_id: 'acme' });
      assert.deepEqual(rows.map((row) => [row.run_id, row.redacted]).sort(), [
        ['a', true],
        ['b', undefined],
      ]);
      assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'acme' })), ['b:ask']);
      assert.equal(await index.task('acme', 'a:ask'), null);
      assert.equal((await index.run('beta', 'a'))?.redacted, undefined);
      assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'beta' })), ['a:ask']);
    }));

  test('I9 a redacted run is redacted after a reopen too', () =>
    withReopened(
      kit,
      async (index) => index.apply([change(1, { runs: [redacted] })]),
      async (index) => assert.deepEqual(await index.run('acme', 'a'), redacted),
    ));

  test('I9 a redacted run that is removed may come back as another', () =>
    withPort(kit, async (index) => {
      await index.apply([change(1, { runs: [runRow('a', 5, { redacted: true })] })]);
      await index.remove([{ tenant_id: 'acme', run_id: 'a' }]);
      await index.apply([change(2, ofRun('a'))]);
      assert.equal((await index.run('acme', 'a'))?.redacted, undefined);
      assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'acme' })), ['a:ask']);
    }));

  test('I8 of concurrent changes and removals the last one wins', () =>
    withPort(kit, async (index) => {
      const gone = { tenant_id: 'acme', run_id: 'gone' };
      const back = { tenant_id: 'acme', run_id: 'back' };
      await index.apply([change(1, ofRun('back'))]);
      await Promise.all([
        index.apply([change(2, ofRun('gone'))]),
        index.remove([gone, back]),
        index.apply([change(3, ofRun('back'))]),
      ]);
      assert.deepEqual(ids(await index.runs({ tenant_id: 'acme' })), ['back']);
      assert.deepEqual(taskIds(await index.tasks({ tenant_id: 'acme' })), ['back:ask']);
    }));
}
