/** L3 for messages that cannot be read: their runs are given up, and nothing else is. */
import type { Logger, RunKey } from '@llmteam/contracts';
import { CheckedJournal, IndexFeed, listUnreadable, type PartitionLoopOptions, RunRemoval } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { rejectsWith } from '../conformance/kit.js';
import { altered } from '../support/altered.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { echo, Partition, type Shared, withBackend } from './partition.js';
import { chain, delay, parent, waiting } from './segments.js';

const victim: RunKey = { tenant_id: 'acme', run_id: 'victim' };

/** A partition that is taken over, and what it logs as an error. */
async function opened(
  shared: Shared,
  name: string,
  errors: string[] = [],
  options: Partial<PartitionLoopOptions> = {},
): Promise<Partition> {
  const log: Logger = altered(quietLogger, { error: (_: object, message: string) => void errors.push(message) });
  const partition = new Partition(shared, name, echo, { log, ...options });
  await partition.takeOver();
  await partition.work();
  return partition;
}

const told = 'a message of the journal cannot be read; its runs are given up';

spec('a message that cannot be read', (test) => {
  test('gives up its run alone: a run before it, one in between and one after it end', () =>
    withBackend(async (shared) => {
      const partition = await opened(shared, 'a');
      const before = await partition.start(waiting);
      await partition.start(waiting, {}, 'victim');
      await partition.settle();
      const failures: unknown[] = [];
      partition.watchFailures(victim, failures);
      await partition.spoil(victim);
      await partition.runs.signal(before, 'go', 1);
      await rejectsWith('STORE_CORRUPT', () => partition.runs.signal(victim, 'go', 1));
      const after = await partition.start(chain);
      assert.is((await partition.view(before)).status, 'completed');
      assert.is((await partition.view(after)).status, 'completed');
      assert.is(failures.length, 1);
      await rejectsWith('STORE_CORRUPT', () => partition.runs.show(victim));
      assert.equal(partition.failures, []);
      assert.is(partition.status().unreadableMessages, 1);
      assert.equal(await partition.lag(), { behind: 0 });
      await partition.stop();
    }));

  test('is kept aside and told once, also after takeovers with and without a checkpoint', () =>
    withBackend(async (shared) => {
      const errors: string[] = [];
      const first = await opened(shared, 'a', errors);
      await first.start(waiting, {}, 'victim');
      await first.spoil(victim);
      await first.settle();
      const [kept, ...more] = await listUnreadable(shared.backend.kv);
      assert.equal(more, []);
      assert.equal([kept?.partition, kept?.position, kept?.runs], [0, 2, [victim]]);
      assert.match(kept?.reason ?? '', /unknown type/);
      await first.crash();
      const second = await opened(shared, 'b', errors);
      await second.settle();
      await second.stop();
      const third = await opened(shared, 'c', errors);
      const healthy = await third.start(chain);
      assert.is((await third.view(healthy)).status, 'completed');
      assert.is(errors.filter((message) => message === told).length, 1);
      assert.is((await listUnreadable(shared.backend.kv)).length, 1);
      assert.equal(
        [first, second, third].flatMap(({ failures }) => failures),
        [],
      );
      await third.stop();
    }));

  for (const maxResidentRuns of [0, 500]) {
    test(`gives its run up in the next process too, with ${maxResidentRuns} states in memory`, () =>
      withBackend(async (shared) => {
        const first = await opened(shared, 'a', [], { maxResidentRuns });
        await first.start(delay, {}, 'victim');
        const healthy = await first.start(delay);
        await first.settle();
        await first.spoil(victim);
        await first.settle();
        await first.stop();
        const second = await opened(shared, 'b', [], { maxResidentRuns });
        await shared.clock.advance(61_000);
        assert.is((await second.view(healthy)).status, 'completed');
        const facts: string[] = [];
        for await (const { fact } of shared.backend.journal.read(victim)) facts.push(fact.type);
        assert.equal(facts, ['run.requested', 'run.forgotten'], 'nothing is done for it');
        assert.equal([...first.failures, ...second.failures], []);
        await second.stop();
      }));
  }

  test('before its run is requested gives it up, here and after a takeover, and nothing runs', () =>
    withBackend(async (shared) => {
      const first = await opened(shared, 'a');
      await first.spoil(victim);
      await first.settle();
      await first.stop();
      const second = await opened(shared, 'b');
      await second.start(chain, {}, 'victim');
      const healthy = await second.start(chain);
      assert.is((await second.view(healthy)).status, 'completed');
      const facts: string[] = [];
      for await (const { fact } of shared.backend.journal.read(victim)) facts.push(fact.type);
      assert.equal(facts, ['run.forgotten', 'run.requested']);
      assert.equal([...first.failures, ...second.failures], []);
      await second.stop();
    }));

  test('of a child run leaves its parent alone, which can be adopted and cancelled', () =>
    withBackend(async (shared) => {
      const first = await opened(shared, 'a');
      await first.publish({ ...waiting, segment_id: 'chain' });
      const run = await first.start(parent);
      await first.settle();
      const child = { tenant_id: 'acme', run_id: `${run.run_id}.1` };
      assert.is((await first.view(child)).status, 'running');
      await first.spoil(child);
      await first.settle();
      await first.stop();
      const second = new Partition(shared, 'b', echo);
      await second.adopt([run]);
      await second.runs.control(run, 'cancel', 'test');
      assert.is((await second.view(run)).status, 'cancelled');
      assert.equal(second.failures, []);
      await second.stop();
    }));

  test('does not stop the lists of a process that drives nothing', () =>
    withBackend(async (shared) => {
      const { backend, clock } = shared;
      const failures: unknown[] = [];
      const partition = new Partition(shared, 'a', echo);
      await partition.start(waiting, {}, 'victim');
      await partition.spoil(victim);
      const healthy = await partition.start(waiting);
      const feed = new IndexFeed({
        journal: new CheckedJournal(backend.journal),
        kv: backend.kv,
        index: backend.index,
        clock,
        log: quietLogger,
        onFailure: (error) => failures.push(error),
      });
      await feed.start();
      const { rows } = await backend.index.runs({ tenant_id: 'acme', limit: 10 });
      assert.equal(rows.map(({ run_id }) => run_id).sort(), [healthy.run_id, 'victim'].sort());
      assert.equal(failures, []);
      await feed.stop();
    }));

  test('does not keep its run from being removed', () =>
    withBackend(async (shared) => {
      const partition = await opened(shared, 'a');
      const { backend, clock } = shared;
      await partition.start(waiting, {}, 'victim');
      await partition.spoil(victim);
      await partition.settle();
      const journal = new CheckedJournal(backend.journal);
      const removal = new RunRemoval({ ...backend, journal, definitions: partition.definitions, clock });
      const removed = removal.remove(victim);
      for (let turn = 0; turn < 50; turn++) await clock.advance(50);
      await removed;
      await rejectsWith('RUN_UNKNOWN', () => partition.runs.show(victim));
      await partition.stop();
    }));

  test('that comes by the thousand is counted, and a bounded number of them is kept', () =>
    withBackend(async (shared) => {
      const partition = await opened(shared, 'a');
      for (let each = 0; each < 1_000; each++) await partition.spoil(victim, `spoilt-${each}`);
      const healthy = await partition.start(chain);
      assert.is((await partition.view(healthy)).status, 'completed');
      assert.is(partition.status().unreadableMessages, 1_000);
      assert.is((await listUnreadable(shared.backend.kv)).length, 100);
      await partition.stop();
    }));
});
