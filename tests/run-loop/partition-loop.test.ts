import { type Fact, LlmteamError, type RunKey } from '@llmteam/contracts';
import { createExpressionCompiler, Definitions, StepCatalog } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { echo, type Handler, Partition, type Shared, withBackend } from './partition.js';
import { chain, delay, parent, waiting } from './segments.js';

/** Counts executions per step and attempt; the named steps hang forever. */
function counting(counts: Map<string, number>, hanging: readonly string[] = []): Handler {
  return (context, config, input) => {
    const key = `${context.step_id}#${context.attempt}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    return hanging.includes(context.step_id) ? new Promise(() => undefined) : echo(context, config, input);
  };
}

async function countEnds({ backend }: Shared, run: RunKey): Promise<number> {
  let ends = 0;
  for await (const { fact } of backend.journal.read(run)) if (fact.type === 'run.ended') ends++;
  return ends;
}

spec('partition loop', (test) => {
  test('a requested run is driven to its end, and its end is in the history', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'a', echo);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(chain);
      assert.is((await partition.view(run)).output, 2);
      const types: string[] = [];
      for await (const { fact } of shared.backend.journal.read(run)) types.push(fact.type);
      assert.equal(types, ['run.requested', 'step.reported', 'step.reported', 'run.ended']);
      assert.is(partition.liveRuns(), 0);
      await partition.stop();
    }));

  test('a new owner goes on where the old one stopped, and no reported step runs again', () =>
    withBackend(async (shared) => {
      const counts = new Map<string, number>();
      const first = new Partition(shared, 'first', counting(counts, ['two']));
      await first.takeOver();
      await first.work();
      const run = await first.start(chain);
      await first.settle();
      await first.stop();
      const second = new Partition(shared, 'second', counting(counts));
      await second.takeOver();
      await second.work();
      await second.settle();
      assert.is((await second.view(run)).status, 'completed');
      assert.is(counts.get('one#1'), 1);
      assert.is(counts.get('two#1'), 2);
      await second.stop();
    }));

  test('two owners at the same time come to one outcome: every fact counts once', () =>
    withBackend(async (shared) => {
      const counts = new Map<string, number>();
      const one = new Partition(shared, 'one', counting(counts));
      const two = new Partition(shared, 'two', counting(counts));
      await one.takeOver();
      await two.takeOver();
      await one.work();
      await two.work();
      await one.publish(chain);
      const events: string[] = [];
      const runs: RunKey[] = [];
      for (let count = 0; count < 20; count++) runs.push(await one.start(parent));
      for (const run of runs) one.watch(run, events);
      await one.settle();
      await two.settle();
      for (const run of runs) {
        assert.is((await two.view(run)).output, 2);
        assert.is(await countEnds(shared, run), 1);
      }
      await one.stop();
      await two.stop();
    }));

  test('a run that is cancelled leaves no job behind that nobody has taken yet', () =>
    withBackend(async (shared) => {
      const counts = new Map<string, number>();
      const partition = new Partition(shared, 'a', counting(counts));
      await partition.takeOver();
      const run = await partition.start(chain);
      const other = await partition.start(chain);
      await partition.settle();
      await partition.runs.control(run, 'cancel', 'test');
      await partition.settle();
      await partition.work();
      assert.is((await partition.view(other)).status, 'completed');
      assert.is((await partition.view(run)).status, 'cancelled');
      assert.equal(
        [...counts],
        [
          ['one#1', 1],
          ['two#1', 1],
        ],
      );
      await partition.stop();
    }));

  test('an evicted idle run is rehydrated by its next entry', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'a', echo, { maxResidentRuns: 3 });
      await partition.takeOver();
      await partition.work();
      const runs: RunKey[] = [];
      for (let count = 0; count < 10; count++) runs.push(await partition.start(waiting, { count }));
      await partition.settle();
      for (const run of runs) await partition.runs.signal(run, 'go', run.run_id);
      for (const run of runs) assert.is((await partition.view(run)).output, run.run_id);
      await partition.stop();
    }));

  test('a timer armed before a takeover fires after it', () =>
    withBackend(async (shared) => {
      const first = new Partition(shared, 'first', echo);
      await first.takeOver();
      const run = await first.start(delay);
      await first.settle();
      await first.stop();
      const second = new Partition(shared, 'second', echo);
      await second.takeOver();
      assert.is((await second.view(run)).status, 'running');
      await shared.clock.advance(59_999);
      assert.is((await second.view(run)).status, 'running');
      await shared.clock.advance(1);
      assert.is((await second.view(run)).status, 'completed');
      await second.stop();
    }));

  test('adopting a run takes its children along and leaves other runs alone', () =>
    withBackend(async (shared) => {
      const first = new Partition(shared, 'first', counting(new Map(), ['two']));
      await first.takeOver();
      await first.work();
      await first.publish(chain);
      const wanted = await first.start(parent);
      const other = await first.start(parent);
      await first.settle();
      await first.stop();
      await shared.clock.advance(60_000);
      const second = new Partition(shared, 'second', echo);
      await second.adopt([wanted]);
      await second.work();
      assert.is((await second.view(wanted)).status, 'completed');
      assert.is((await second.view(other)).status, 'running');
      await second.stop();
    }));

  test('cancelling a parent cancels the child, also when the parent is cancelled before a takeover', () =>
    withBackend(async (shared) => {
      const first = new Partition(shared, 'first', counting(new Map(), ['one']));
      await first.takeOver();
      await first.work();
      await first.publish(chain);
      const run = await first.start(parent);
      await first.settle();
      await first.stop();
      await first.runs.control(run, 'cancel', 'test');
      const second = new Partition(shared, 'second', echo);
      await second.takeOver();
      const child = { ...run, run_id: `${run.run_id}.1` };
      assert.is((await second.view(run)).status, 'cancelled');
      assert.is((await second.view(child)).status, 'cancelled');
      await second.stop();
    }));

  test('a child whose segment is not stored fails its step with SEGMENT_UNKNOWN', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'a', echo);
      await partition.takeOver();
      const run = await partition.start(parent);
      const view = await partition.view(run);
      assert.is(view.status, 'failed');
      assert.match(JSON.stringify(view.error), 'SEGMENT_UNKNOWN');
      await partition.stop();
    }));

  test('the lists show what the histories say', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'a', echo);
      await partition.takeOver();
      await partition.work();
      const done = await partition.start(chain);
      const open = await partition.start(waiting);
      await partition.settle();
      const { rows } = await partition.runs.list({ tenant_id: 'acme' });
      const statuses = new Map(rows.map((row) => [row.run_id, row.status]));
      assert.is(statuses.get(done.run_id), 'completed');
      assert.is(statuses.get(open.run_id), 'running');
      assert.equal((await partition.runs.list({ tenant_id: 'other' })).rows, []);
      await partition.stop();
    }));

  test('a run whose definition cannot be loaded is quarantined alone; the others continue', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'a', echo);
      await partition.takeOver();
      await partition.work();
      const lost: RunKey = { tenant_id: 'acme', run_id: 'lost' };
      const failures: unknown[] = [];
      partition.watchFailures(lost, failures);
      await shared.backend.journal.append(lost, [
        {
          message_id: 'requested',
          fact: {
            type: 'run.requested',
            at: 0,
            segment_id: 'gone',
            definition: `sha256:${'0'.repeat(64)}`,
            input: null,
            instance_id: 'default',
            correlation_id: null,
            trace_id: '0'.repeat(32),
            timeout_seconds: null,
            engine: '0.1.0',
          },
        },
      ]);
      const run = await partition.start(chain);
      assert.is((await partition.view(run)).status, 'completed');
      assert.match(String(failures[0]), 'sha256');
      assert.equal(partition.failures, []);
      await partition.stop();
    }));

  test('a run that this process cannot evaluate is kept for one that can', () =>
    withBackend(async (shared) => {
      const able = new Partition(shared, 'able', echo);
      const run = await able.start(chain);
      const unable = new Partition(shared, 'unable', echo, {
        definitions: new Definitions(shared.backend.blobs, new StepCatalog(), createExpressionCompiler()),
      });
      await unable.takeOver();
      for (let round = 0; round < 4; round++) await shared.clock.advance(5_000);
      assert.is(unable.liveRuns(), 1);
      assert.is((await shared.backend.kv.list('snapshots/')).length, 1);
      await unable.stop();
      await able.takeOver();
      await able.work();
      assert.is((await able.view(run)).output, 2);
      await able.stop();
    }));

  test('a request that comes again when the journal has forgotten the first starts no ended run anew', () =>
    withBackend(async (shared) => {
      const counts = new Map<string, number>();
      const partition = new Partition(shared, 'a', counting(counts));
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(chain);
      await partition.settle();
      const history: Fact[] = [];
      for await (const { fact } of shared.backend.journal.read(run)) history.push(fact);
      await shared.clock.advance(30_000);
      await partition.start(chain);
      await partition.settle();
      await shared.backend.journal.append(run, [{ message_id: 'again', fact: history[0] as Fact }]);
      await partition.settle();
      assert.is(partition.liveRuns(), 0);
      assert.is(await countEnds(shared, run), 1);
      assert.is(counts.get('one#1'), 2);
      await partition.stop();
    }));

  test('a child that began long ago is not asked for again by a takeover, one that never began is', () =>
    withBackend(async (shared) => {
      const refused = { on: false };
      const { journal } = shared.backend;
      const refusing = altered(journal, {
        append: async (run, entries) => {
          if (refused.on && entries.some(({ fact }) => fact.type === 'run.requested' && fact.parent !== undefined)) {
            throw new LlmteamError('STORE_FAILED', 'the test refuses');
          }
          return journal.append(run, entries);
        },
      });
      const first = new Partition(shared, 'first', counting(new Map(), ['one']), { journal: refusing });
      await first.takeOver();
      await first.publish(chain);
      const begun = await first.start(parent);
      await first.settle();
      refused.on = true;
      const unbegun = await first.start(parent);
      await first.settle();
      await first.stop();
      const requests: string[] = [];
      const noting = altered(journal, {
        append: (run, entries) => {
          requests.push(...entries.map(({ message_id }) => `${run.run_id} ${message_id}`));
          return journal.append(run, entries);
        },
      });
      const second = new Partition(shared, 'second', echo, { journal: noting });
      await second.takeOver();
      await second.settle();
      assert.equal(
        requests.filter((request) => request.endsWith(' requested')),
        [`${unbegun.run_id}.1 requested`],
      );
      await second.work();
      for (const run of [begun, unbegun]) assert.is((await second.view(run)).output, 2);
      await second.stop();
    }));

  test('the same run id of another tenant changes nothing of a run', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'a', echo);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(waiting);
      await partition.settle();
      const foreign = { ...run, tenant_id: 'other' };
      const fact: Fact = { type: 'signal.received', at: 0, name: 'go', payload: 'foreign' };
      await shared.backend.journal.append(foreign, [{ message_id: 'signal', fact }]);
      await partition.settle();
      assert.is(partition.liveRuns(), 1);
      await partition.runs.signal(run, 'go', 'own');
      assert.is((await partition.view(run)).output, 'own');
      assert.is(partition.liveRuns(), 0);
      await partition.stop();
    }));

  test('a loop reports its status', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'a', echo);
      const run = await partition.start(delay);
      await partition.start(waiting);
      assert.equal(await partition.lag(), { behind: 2 });
      assert.is(partition.status().isLive, false);
      await partition.takeOver();
      const status = {
        isLive: true,
        position: 2,
        liveRuns: 2,
        residentRuns: 2,
        timers: 1,
        unreadableMessages: 0,
        redispatchedJobs: 0,
      };
      assert.equal(partition.status(), { ...status, entriesApplied: 2, entriesIgnored: 0 });
      assert.equal(await partition.lag(), { behind: 0 });
      const late: Fact = {
        type: 'step.reported',
        at: 0,
        step: 'wait',
        attempt: 1,
        started_at: 0,
        worker: 'w',
        ports: {},
      };
      await shared.backend.journal.append(run, [{ message_id: 'late', fact: late }]);
      await shared.backend.journal.append({ ...run, run_id: 'none' }, [{ message_id: 'late', fact: late }]);
      await partition.settle();
      assert.equal(partition.status(), { ...status, position: 4, entriesApplied: 4, entriesIgnored: 2 });
      await partition.stop();
    }));

  test('cancelling an orphan shows in the lists', () =>
    withBackend(async (shared) => {
      const first = new Partition(shared, 'first', echo);
      await first.adopt([]);
      const run = await first.start(waiting);
      await first.settle();
      await first.stop();
      const second = new Partition(shared, 'second', echo);
      await second.adopt([]);
      await second.runs.control(run, 'cancel', 'test');
      await second.settle();
      const { rows } = await second.runs.list({ tenant_id: 'acme' });
      assert.equal(
        rows.map(({ status }) => status),
        ['cancelled'],
      );
      await second.stop();
    }));
});
