import { LlmteamError, type RunKey, type Segment } from '@llmteam/contracts';
import { listDeadLetters } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { echo, type Handler, Partition, type Shared, withBackend } from '../run-loop/partition.js';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';

/** The lease of the memory backend. */
const leaseMs = 30_000;

const oneStep: Segment = {
  segment_id: 'one',
  name: 'One',
  entrypoint: 'work',
  params: { timeout_seconds: null },
  steps: [{ step_id: 'work', type: 'work' }],
};

/** Counts its starts; ends when `finish` is called. */
function slow(): { readonly handler: Handler; readonly begun: string[]; finish(): void } {
  const begun: string[] = [];
  const waiting: (() => void)[] = [];
  const handler: Handler = (context) => {
    begun.push(`${context.step_id}#${context.attempt}`);
    return new Promise((resolve) => waiting.push(() => resolve({ output: 'done' })));
  };
  return {
    handler,
    begun,
    finish: () => {
      for (const end of waiting.splice(0)) end();
    },
  };
}

/** A journal that accepts reports only while `state.takes` is true. */
function pickyJournal(
  { backend }: Shared,
  state: { takes: boolean; error: LlmteamError },
): Shared['backend']['journal'] {
  const { journal } = backend;
  return altered(journal, {
    append: async (run, entries) => {
      if (!state.takes && entries.some(({ fact }) => fact.type === 'step.reported')) throw state.error;
      return journal.append(run, entries);
    },
  });
}

async function pass(shared: Shared, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 1_000) await shared.clock.advance(1_000);
}

/** A worker that takes a job and dies, so that the lease expires. */
async function takeAndDie({ backend, clock }: Shared): Promise<number> {
  const taken: number[] = [];
  const consumer = await backend.queue.consume('work@1', { concurrency: 1 }, ({ deliveries }) =>
    taken.push(deliveries),
  );
  await clock.advance(0);
  await consumer.stop(AbortSignal.abort());
  await clock.advance(leaseMs);
  return taken[0] ?? 0;
}

/** A worker that takes the job and is stopped before its handler ends. */
async function takeAndStop(shared: Shared, name: string): Promise<void> {
  const { handler, begun } = slow();
  const worker = new Partition(shared, name, handler);
  await worker.work();
  await worker.settle();
  assert.equal(begun, ['work#1'], name);
  await worker.stop();
}

spec('leases of jobs', (test) => {
  test('a handler that takes longer than the lease keeps its job', () =>
    withBackend(async (shared) => {
      const { handler, begun, finish } = slow();
      const partition = new Partition(shared, 'p', handler);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(oneStep);
      await pass(shared, 5 * leaseMs);
      assert.equal(begun, ['work#1']);
      assert.is(partition.running(), 1);
      finish();
      assert.is((await partition.view(run)).output, 'done');
      assert.is(partition.running(), 0);
      await partition.stop();
      assert.is(shared.clock.pending, 0);
    }));

  test('a job that every worker dies of ends as a failure of its step, and the last worker lives', () =>
    withBackend(async (shared) => {
      const { handler, begun } = slow();
      const partition = new Partition(shared, 'p', handler);
      await partition.takeOver();
      const run = await partition.start(oneStep);
      await partition.settle();
      const taken: number[] = [];
      for (let death = 0; death < 5; death++) taken.push(await takeAndDie(shared));
      assert.equal(taken, [1, 2, 3, 4, 5]);
      await partition.work();
      const { status, error } = await partition.view(run);
      assert.is(status, 'failed');
      assert.is(error?.error_code, 'WORKER_LOST');
      const [letter, ...others] = await listDeadLetters(shared.backend.kv);
      assert.equal(others, []);
      assert.equal([letter?.run_id, letter?.step, letter?.deliveries], [run.run_id, 'work', 6]);
      assert.match(error?.error_message ?? '', "step 'work' was delivered 5 times");
      assert.equal(begun, []);
      await pass(shared, 2 * leaseMs);
      assert.is(partition.liveRuns(), 0, 'it is not retried');
      await partition.stop();
    }));

  test('a job that workers died of, but fewer, is worked on', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const run = await partition.start(oneStep, 'input');
      await partition.settle();
      for (let death = 0; death < 4; death++) await takeAndDie(shared);
      await partition.work();
      assert.is((await partition.view(run)).output, 'input');
      await partition.stop();
    }));

  test('a job that many workers handed back as they stopped is worked on', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const run = await partition.start(oneStep, 'input');
      await partition.settle();
      for (let stop = 0; stop < 12; stop++) await takeAndStop(shared, `worker-${stop}`);
      await partition.work();
      assert.is((await partition.view(run)).output, 'input');
      await partition.stop();
    }));

  test('a job that was handed back and that every worker dies of ends all the same', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const run = await partition.start(oneStep, 'input');
      await partition.settle();
      for (let death = 0; death < 3; death++) await takeAndDie(shared);
      for (let stop = 0; stop < 3; stop++) await takeAndStop(shared, `worker-${stop}`);
      for (let death = 3; death < 5; death++) await takeAndDie(shared);
      await partition.work();
      assert.is((await partition.view(run)).error?.error_code, 'WORKER_LOST');
      const [letter] = await listDeadLetters(shared.backend.kv);
      assert.is(letter?.deliveries, 9);
      await partition.stop();
    }));

  test('a key-value store that rejects the note does not prevent a job from being released', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const run = await partition.start(oneStep, 'input');
      await partition.settle();
      const { kv } = shared.backend;
      const silent = altered(kv, { get: () => new Promise<never>(() => undefined) });
      const refusing = altered(kv, { put: () => Promise.reject(new LlmteamError('STORE_FAILED', 'refused')) });
      for (const [name, broken] of [
        ['silent', silent],
        ['refusing', refusing],
      ] as const) {
        const over = { is: false };
        const stopped = takeAndStop({ ...shared, backend: { ...shared.backend, kv: broken } }, name);
        void stopped.finally(() => {
          over.is = true;
        });
        while (!over.is) await shared.clock.advance(100);
        await stopped;
      }
      await partition.work();
      assert.is((await partition.view(run)).output, 'input');
      await partition.stop();
    }));

  test('a job that is handed back while its worker still looks whether it is reported is not begun', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const run = await partition.start(oneStep, 'input');
      await partition.settle();
      await takeAndDie(shared);
      const looking: (() => void)[] = [];
      const { journal } = shared.backend;
      const slowJournal = altered(journal, {
        read: async function* (key, after) {
          await new Promise<void>((resolve) => looking.push(resolve));
          yield* journal.read(key, after);
        },
      });
      const { handler, begun } = slow();
      const worker = new Partition(shared, 'w', handler, { journal: slowJournal });
      await worker.work();
      await worker.settle();
      await worker.stop();
      assert.is(looking.length, 1);
      for (const goOn of looking) goOn();
      await worker.settle();
      assert.equal(begun, []);
      await partition.work();
      assert.is((await partition.view(run)).output, 'input');
      await partition.stop();
    }));

  test('an outage while a worker looks whether a job is reported is waited for, and costs no delivery', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const run = await partition.start(oneStep, 'input');
      await partition.settle();
      for (let death = 0; death < 4; death++) await takeAndDie(shared);
      const state = { isOut: true };
      const { journal, kv } = shared.backend;
      const checkReachable = (): void => {
        if (state.isOut) throw new LlmteamError('BACKEND_UNREACHABLE', 'the test refuses');
      };
      const unreachable = altered(journal, {
        read: async function* (key, after) {
          checkReachable();
          yield* journal.read(key, after);
        },
      });
      const out = altered(kv, {
        get: async (key) => {
          checkReachable();
          return kv.get(key);
        },
      });
      const backend = { ...shared.backend, kv: out };
      const worker = new Partition({ ...shared, backend }, 'w', echo, { journal: unreachable });
      await worker.work();
      await pass(shared, 2 * leaseMs);
      assert.is((await partition.view(run)).status, 'running');
      state.isOut = false;
      await pass(shared, 3_000);
      assert.is((await partition.view(run)).output, 'input');
      await worker.stop();
      await partition.stop();
    }));

  test('a permanently unreadable history does not redeliver a job forever', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const run = await partition.start(oneStep, 'input');
      await partition.settle();
      await takeAndDie(shared);
      const unreadable = altered(shared.backend.journal, {
        // biome-ignore lint/correctness/useYield: it fails at once
        read: async function* () {
          throw new LlmteamError('BLOB_MISSING', 'the test lost it');
        },
      });
      const worker = new Partition(shared, 'w', echo, { journal: unreadable });
      await worker.work();
      await pass(shared, 3_000);
      assert.is((await partition.view(run)).output, 'input');
      await worker.stop();
      await partition.stop();
    }));

  test('while the store refuses the report the job is kept and not begun anew; then it is reported once', () =>
    withBackend(async (shared) => {
      const { handler, begun, finish } = slow();
      const state = { takes: false, error: new LlmteamError('STORE_FAILED', 'the test refuses') };
      const partition = new Partition(shared, 'p', handler, { journal: pickyJournal(shared, state) });
      const idle = new Partition(shared, 'other', handler);
      await partition.takeOver();
      await partition.work();
      const run = await partition.start(oneStep);
      await partition.settle();
      await idle.work();
      finish();
      await pass(shared, 5 * leaseMs);
      assert.equal(begun, ['work#1']);
      state.takes = true;
      await pass(shared, 3_000);
      assert.is((await partition.view(run)).output, 'done');
      assert.equal(begun, ['work#1']);
      await idle.stop();
      await partition.stop();
    }));

  test('a job whose report the store will never take is not acknowledged: another worker gets it', () =>
    withBackend(async (shared) => {
      const first = slow();
      const state = { takes: false, error: new LlmteamError('STORE_CORRUPT', 'the test refuses') };
      const broken = new Partition(shared, 'broken', first.handler, { journal: pickyJournal(shared, state) });
      await broken.takeOver();
      await broken.work();
      const run: RunKey = await broken.start(oneStep, 'input');
      await broken.settle();
      first.finish();
      await broken.settle();
      assert.is(broken.failures.length, 1);
      const sound = new Partition(shared, 'sound', echo);
      await sound.work();
      assert.is((await broken.view(run)).status, 'running');
      await pass(shared, 2 * leaseMs);
      assert.is((await broken.view(run)).output, 'input');
      await sound.stop();
      await broken.stop();
    }));

  test('a run says what a step that nobody works on waits for', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const segment: Segment = {
        ...oneStep,
        entrypoint: 'split',
        params: { timeout_seconds: null, max_parallel: 1 },
        steps: [
          { step_id: 'split', type: 'parallel_split', config: { branches: 2 } },
          { step_id: 'one', type: 'work' },
          { step_id: 'two', type: 'work' },
        ],
        edges: [
          { from: 'split', from_port: 'branch_1', to: 'one' },
          { from: 'split', from_port: 'branch_2', to: 'two' },
        ],
      };
      const run = await partition.start(segment);
      const waits = async (): Promise<unknown[]> => {
        const { steps } = await partition.view(run);
        return steps.map(({ step_id, status, waiting_for }) => [step_id, status, waiting_for]);
      };
      assert.equal(await waits(), [
        ['split', 'completed', undefined],
        ['one', 'queued', { kind: 'worker', queue: 'work@1' }],
        ['two', 'pending', { kind: 'slot' }],
      ]);
      await partition.runs.control(run, 'pause', 'test');
      assert.equal((await waits())[2], ['two', 'pending', { kind: 'resume' }]);
      await partition.stop();
    }));
});
