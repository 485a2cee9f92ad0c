import { LlmteamError, type RunKey, type Segment } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { echo, Partition, type Shared, withBackend } from './partition.js';
import { chain, delay, parent, waiting } from './segments.js';
import { watched } from './watched-kv-store.js';

/** A segment without jobs. */
const decides: Segment = {
  ...chain,
  steps: [{ step_id: 'one', type: 'condition', config: { expression: 'true' } }],
  edges: [],
};

/** The backend's ports with every call recorded, and a gate before the calls that `holds` selects. */
function noting(shared: Shared): {
  readonly ports: Pick<Shared['backend'], 'journal' | 'queue' | 'pubSub' | 'kv'>;
  readonly asked: string[];
  holds: (what: string) => boolean;
  release(): void;
} {
  const { journal, queue, pubSub, kv } = shared.backend;
  const gates: (() => void)[] = [];
  const noted = {
    asked: [] as string[],
    holds: (_what: string): boolean => false,
    release: () => {
      for (const open of gates.splice(0)) open();
    },
  };
  const note = async (what: string): Promise<void> => {
    noted.asked.push(what);
    if (noted.holds(what)) await new Promise<void>((resolve) => gates.push(resolve));
  };
  const ports = {
    journal: altered(journal, {
      append: async (run, entries) => {
        await note(`append ${run.run_id} ${entries.map(({ message_id }) => message_id)}`);
        return journal.append(run, entries);
      },
    }),
    queue: altered(queue, {
      publish: async (jobs) => {
        await note(`publish ${jobs.map(({ job_id }) => job_id)}`);
        return queue.publish(jobs);
      },
    }),
    pubSub: altered(pubSub, {
      publish: (subject, message) => {
        void note(`signal ${subject}`);
        pubSub.publish(subject, message);
      },
    }),
    kv: altered(kv, {
      get: async (key) => {
        await note(`get ${key}`);
        return kv.get(key);
      },
    }),
  };
  return Object.assign(noted, { ports });
}

/** Stops the loop while it is blocked at the call that `holds` selects, then unblocks it; returns the calls after that. */
async function askedAfterStop(
  shared: Shared,
  holds: string,
  work: (partition: Partition, driver: Partition) => Promise<void>,
): Promise<string[]> {
  const noted = noting(shared);
  const other = new Partition(shared, 'other', echo);
  const partition = new Partition(shared, 'p', echo, { ...noted.ports });
  await partition.takeOver();
  noted.holds = (what) => what.startsWith(holds);
  await work(partition, other);
  await partition.settle();
  assert.ok(
    noted.asked.some((what) => what.startsWith(holds)),
    `it came to '${holds}'`,
  );
  noted.asked.length = 0;
  const stopped = partition.crash();
  noted.release();
  await partition.settle();
  await stopped;
  await shared.clock.advance(100_000);
  return noted.asked;
}

spec('stopping', (test) => {
  test('a job that is decided while another is being published is not published once the loop was stopped', () =>
    withBackend(async (shared) => {
      const asked = await askedAfterStop(shared, 'publish', async (_, other) => {
        await other.start(chain, {}, 'a');
        await other.settle();
        await other.start(chain, {}, 'b');
      });
      assert.equal(asked, []);
    }));

  test('a child whose segment is being looked up is not started', () =>
    withBackend(async (shared) => {
      const asked = await askedAfterStop(shared, 'get segments/', async (_, other) => {
        await other.publish(chain);
        await other.start(parent);
      });
      assert.equal(asked, []);
    }));

  test('an end that waits for its parent to be told is not recorded', () =>
    withBackend(async (shared) => {
      const asked = await askedAfterStop(shared, 'append root child:', async (_, other) => {
        await other.publish({ ...decides, segment_id: 'chain' });
        await other.start(parent, {}, 'root');
      });
      assert.equal(asked, []);
    }));

  test('a timer that comes due after the stop does not fire', () =>
    withBackend(async (shared) => {
      const asked = await askedAfterStop(shared, 'publish', async (_, other) => {
        await other.start(delay);
        await other.start(chain);
      });
      assert.equal(asked, []);
      assert.is(shared.clock.pending, 0);
    }));

  test('stopping waits for no queue that does not answer', () =>
    withBackend(async (shared) => {
      const noted = noting(shared);
      noted.holds = (what) => what.startsWith('publish');
      const partition = new Partition(shared, 'p', echo, noted.ports);
      await partition.takeOver();
      const run = await partition.start(chain);
      await partition.settle();
      await partition.stop();
      const next = new Partition(shared, 'next', echo);
      await next.takeOver();
      await next.work();
      assert.is((await next.view(run)).status, 'completed');
      await next.stop();
    }));

  test('a loop that is stopped without a checkpoint writes nothing more, not even when it is stopped again', () =>
    withBackend(async (shared) => {
      const kv = watched(shared.backend.kv);
      const told: unknown[] = [];
      const lists = { apply: async (changes: readonly unknown[]) => void told.push(...changes) };
      const partition = new Partition(shared, 'p', echo, { kv, lists });
      await partition.takeOver();
      await partition.start(decides);
      await partition.settle();
      assert.is(partition.liveRuns(), 0);
      kv.writes.length = 0;
      told.length = 0;
      await partition.crash();
      await partition.stop();
      assert.equal(kv.writes, []);
      assert.equal(told, []);
    }));

  test('a takeover that is stopped rejects with CLOSED', () =>
    withBackend(async (shared) => {
      const first = new Partition(shared, 'first', echo);
      await first.takeOver();
      await first.start(parent);
      await first.settle();
      await first.stop();
      const noted = noting(shared);
      noted.holds = (what) => what.startsWith('append');
      const partition = new Partition(shared, 'p', echo, noted.ports);
      const taken = partition.takeOver().then(
        () => 'live',
        (error: LlmteamError) => error.code,
      );
      await partition.crash();
      assert.is(await taken, 'CLOSED');
      assert.equal(partition.failures, []);
    }));

  test('a store that cannot be read for a while costs no run: it is read again', () =>
    withBackend(async (shared) => {
      const { backend } = shared;
      const outage = { on: false };
      const failing = (): never => {
        throw new LlmteamError('STORE_FAILED', 'the test refuses');
      };
      const journal = altered(backend.journal, {
        read: (run, after) => (outage.on ? failing() : backend.journal.read(run, after)),
      });
      const kv = altered(backend.kv, {
        get: async (key) => (outage.on ? failing() : backend.kv.get(key)),
      });
      const partition = new Partition(shared, 'p', echo, { journal, kv, maxResidentRuns: 0 });
      const other = new Partition(shared, 'other', echo);
      await partition.takeOver();
      await partition.work();
      const run: RunKey = await other.start(waiting);
      await partition.settle();
      assert.is(partition.status().residentRuns, 0);
      outage.on = true;
      await other.runs.signal(run, 'go', 'kept');
      for (let second = 0; second < 10; second++) await shared.clock.advance(1_000);
      assert.is((await other.view(run)).status, 'running');
      outage.on = false;
      await shared.clock.advance(2_000);
      assert.is((await other.view(run)).output, 'kept');
      assert.equal(partition.failures, []);
      await partition.stop();
    }));
});
