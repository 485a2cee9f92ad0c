import { isLlmteamError, type Journal, type Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { anyone, keyOf } from '../support/actors.js';
import { spec } from '../support/spec.js';
import { echo, Partition, withBackend } from './partition.js';
import { approval } from './segments.js';

const [ann, bob] = [keyOf('ann'), keyOf('bob')];
const approve = { decision: 'approve' } as const;

const assigned: Segment = {
  ...approval,
  segment_id: 'assigned',
  steps: approval.steps.map((step) =>
    step.type === 'human_task' ? { ...step, config: { ...step.config, assignee_ref: 'ann' } } : step,
  ),
};

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'none';
  } catch (error) {
    return isLlmteamError(error) ? error.code : String(error);
  }
}

/** An open task of a run that a runtime drives. */
function withTask(segment: Segment, use: (runs: Partition['runs'], id: string, journal: Journal) => Promise<void>) {
  return withBackend(async (shared) => {
    const partition = new Partition(shared, 'p', echo);
    await partition.takeOver();
    await partition.work();
    const run = await partition.start(segment);
    await partition.settle();
    await use(partition.runs, `${run.run_id}:ask`, shared.backend.journal);
    await partition.stop();
  });
}

spec('who may act on a human task', (test) => {
  test('a key names no other person unless it may act for others', () =>
    withTask(approval, async (runs, id) => {
      assert.is(await codeOf(runs.claim('acme', id, { claimed_by: 'bob' }, ann)), 'FORBIDDEN');
      assert.is(await codeOf(runs.answer('acme', id, { ...approve, answered_by: 'bob' }, ann)), 'FORBIDDEN');
      assert.is((await runs.task('acme', id)).status, 'open');
      await runs.claim('acme', id, { claimed_by: 'bob' }, anyone);
      assert.is((await runs.task('acme', id)).claimed_by, 'bob');
    }));

  test('a task with an assignee is claimed and answered only by them or on behalf of others', () =>
    withTask(assigned, async (runs, id) => {
      assert.is(await codeOf(runs.claim('acme', id, {}, bob)), 'TASK_CLAIMED');
      assert.is(await codeOf(runs.answer('acme', id, approve, bob)), 'TASK_CLAIMED');
      assert.is((await runs.task('acme', id)).status, 'open');
      await runs.answer('acme', id, approve, ann);
      assert.is((await runs.task('acme', id)).answer?.answered_by, 'ann');
    }));

  test('a task assigned to somebody may be claimed and answered by another who may act for others', () =>
    withTask(assigned, async (runs, id) => {
      await runs.claim('acme', id, { claimed_by: 'bob' }, anyone);
      assert.is(await codeOf(runs.answer('acme', id, approve, ann)), 'TASK_CLAIMED');
      await runs.answer('acme', id, approve, bob);
      assert.is((await runs.task('acme', id)).answer?.answered_by, 'bob');
    }));

  test('a claimed task is answered only by who claimed it, until it is unclaimed', () =>
    withTask(approval, async (runs, id) => {
      await runs.claim('acme', id, {}, ann);
      assert.is(await codeOf(runs.answer('acme', id, approve, bob)), 'TASK_CLAIMED');
      assert.is(await codeOf(runs.claim('acme', id, {}, bob)), 'TASK_CLAIMED');
      assert.is(await codeOf(runs.unclaim('acme', id, bob)), 'TASK_CLAIMED');
      await runs.unclaim('acme', id, ann);
      assert.is((await runs.task('acme', id)).status, 'open');
      await runs.answer('acme', id, approve, bob);
    }));

  test('after an unclaim anybody may claim again, as often as that happens', () =>
    withTask(approval, async (runs, id) => {
      for (const who of [ann, bob, ann, bob]) {
        await runs.claim('acme', id, {}, who);
        assert.is((await runs.task('acme', id)).claimed_by, who.name);
        await runs.unclaim('acme', id, anyone);
        await runs.unclaim('acme', id, anyone);
        assert.equal((await runs.task('acme', id)).claimed_by, null);
      }
    }));

  test('of claims that race exactly one wins, and the others learn it', () =>
    withTask(approval, async (runs, id) => {
      const names = ['ann', 'bob', 'cleo', 'dan'];
      const codes = await Promise.all(names.map((name) => codeOf(runs.claim('acme', id, {}, keyOf(name)))));
      assert.equal([...codes].sort(), ['TASK_CLAIMED', 'TASK_CLAIMED', 'TASK_CLAIMED', 'none']);
      assert.is((await runs.task('acme', id)).claimed_by, names[codes.indexOf('none')]);
    }));

  test('the key is recorded with the claim, the unclaim and the answer, and is not what the caller says', () =>
    withTask(approval, async (runs, id, journal) => {
      await runs.claim('acme', id, {}, ann);
      await runs.unclaim('acme', id, ann);
      const forged = { ...approve, answered_with_key: 'forged' };
      await runs.answer('acme', id, forged, bob);
      assert.equal((await runs.task('acme', id)).answer, {
        decision: 'approve',
        answered_by: 'bob',
        answered_with_key: 'bob-key',
      });
      const keys: unknown[] = [];
      for await (const { fact } of journal.read({ tenant_id: 'acme', run_id: id.split(':')[0] ?? '' })) {
        if (fact.type === 'task.claimed' || fact.type === 'task.unclaimed') keys.push([fact.type, fact.by, fact.key]);
      }
      assert.equal(keys, [
        ['task.claimed', 'ann', 'ann-key'],
        ['task.unclaimed', 'ann', 'ann-key'],
      ]);
    }));

  test('a closed task is not claimed, unclaimed or answered again', () =>
    withTask(approval, async (runs, id) => {
      await runs.answer('acme', id, approve, ann);
      const again = [
        runs.claim('acme', id, {}, ann),
        runs.unclaim('acme', id, ann),
        runs.answer('acme', id, approve, bob),
      ];
      assert.equal(await Promise.all(again.map(codeOf)), ['TASK_CLOSED', 'TASK_CLOSED', 'TASK_CLOSED']);
      assert.is(await codeOf(runs.answer('acme', id, approve, ann)), 'none');
    }));
});
