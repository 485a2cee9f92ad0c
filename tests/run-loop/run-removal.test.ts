import { isLlmteamError, type Journal, LlmteamError, type RunKey, type Segment } from '@llmteam/contracts';
import { LargeValueJournal, RunRemoval } from '@llmteam/kernel';
import * as assert from 'uvu/assert';
import { altered } from '../support/altered.js';
import { spec } from '../support/spec.js';
import { echo, Partition, type Shared, withBackend } from './partition.js';

const canary = 'canary-4711'.repeat(30_000);
const one: Segment = {
  segment_id: 'one',
  name: 'One',
  entrypoint: 'work',
  params: { timeout_seconds: null, max_retries: 0 },
  steps: [{ step_id: 'work', type: 'work' }],
};

interface Scene {
  readonly shared: Shared;
  readonly partition: Partition;
  readonly run: RunKey;
  /** With another journal than the partition's, if given. */
  removal(change?: (journal: Journal) => Journal): RunRemoval;
}

/** A run that has ended. */
async function withEndedRun(use: (scene: Scene) => Promise<void>): Promise<void> {
  await withBackend(async (shared) => {
    const { backend, clock } = shared;
    const partition = new Partition(shared, 'p', echo);
    await partition.takeOver();
    await partition.work();
    const run = await partition.start(one, { canary });
    await partition.settle();
    const removal = (change: (journal: Journal) => Journal = (journal) => journal): RunRemoval => {
      const journal = change(new LargeValueJournal(backend.journal, backend.blobs));
      const { kv, index } = backend;
      return new RunRemoval({ journal, kv, index, definitions: partition.definitions, clock });
    };
    await use({ shared, partition, run, removal });
    await partition.stop();
  });
}

function dying(journal: Journal): Journal {
  return altered(journal, { remove: () => Promise.reject(new LlmteamError('STORE_FAILED', 'the process dies')) });
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => (isLlmteamError(error) ? error.code : String(error)),
  );
}

async function blobsOf({ backend }: Shared, run: RunKey): Promise<string[]> {
  const hashes: string[] = [];
  for await (const { fact } of backend.journal.read(run)) hashes.push(...Object.values(fact.large ?? {}));
  return hashes;
}

spec('removing a run', (test) => {
  test('that is interrupted is completed by repeating it; meanwhile no list shows it', () =>
    withEndedRun(async ({ shared, run, removal }) => {
      assert.is(await codeOf(removal(dying).remove(run)), 'STORE_FAILED');
      assert.is(await shared.backend.index.run('acme', run.run_id), null);
      await removal().remove(run);
      assert.is(await codeOf(removal().remove(run)), 'none', 'and once more');
      for await (const entry of shared.backend.journal.read(run)) assert.unreachable(entry.fact.type);
    }));

  test('removes its large values, and not those of another run with the same data', () =>
    withEndedRun(async ({ shared, partition, run, removal }) => {
      const { blobs } = shared.backend;
      const twin = await partition.start(one, { canary });
      await partition.settle();
      const [own, others] = [await blobsOf(shared, run), await blobsOf(shared, twin)];
      assert.ok(own.length > 0 && others.length > 0);
      await removal().remove(run);
      for (const hash of own) assert.not.ok(await blobs.has(hash));
      for (const hash of others) assert.ok(await blobs.has(hash));
      assert.equal((await partition.view(twin)).output, { canary });
    }));

  test('leaves a large value of an earlier release alone: others may use it', () =>
    withEndedRun(async ({ shared, run, removal }) => {
      const { journal, blobs } = shared.backend;
      const hash = await blobs.put(new TextEncoder().encode(JSON.stringify(canary)));
      const fact = { type: 'signal.received', at: 0, name: 'old', payload: null, large: { '/payload': hash } } as const;
      await journal.append(run, [{ message_id: 'old', fact }]);
      await removal().remove(run);
      assert.ok(await blobs.has(hash));
    }));

  test('is refused as long as it runs', () =>
    withBackend(async (shared) => {
      const partition = new Partition(shared, 'p', echo);
      await partition.takeOver();
      const run = await partition.start(one);
      await partition.settle();
      const { backend, clock } = shared;
      const { journal, kv, index } = backend;
      const removal = new RunRemoval({ journal, kv, index, definitions: partition.definitions, clock });
      assert.is(await codeOf(removal.remove(run)), 'RUN_ACTIVE');
      assert.is(await codeOf(removal.redact(run, 'me')), 'RUN_ACTIVE');
      assert.is(await codeOf(removal.remove({ tenant_id: 'rival', run_id: run.run_id })), 'RUN_UNKNOWN');
      await partition.stop();
    }));
});

spec('redacting a run', (test) => {
  test('that is interrupted shows no data already, and is completed by repeating it', () =>
    withEndedRun(async ({ shared, partition, run, removal }) => {
      const before = await partition.view(run);
      const large = await blobsOf(shared, run);
      assert.is(await codeOf(removal(dying).redact(run, 'me')), 'STORE_FAILED');
      const { input, output, redacted } = await partition.view(run);
      assert.equal([input, output, redacted], [null, null, true]);
      await removal().redact(run, 'me');
      const types: string[] = [];
      for await (const { fact } of shared.backend.journal.read(run)) types.push(fact.type);
      assert.equal(types, ['run.redacted']);
      for (const hash of large) assert.not.ok(await shared.backend.blobs.has(hash));
      assert.equal(await partition.view(run), { ...before, input: null, output: null, redacted: true });
    }));

  test('neither starts it again nor lists it otherwise when another process takes over', () =>
    withEndedRun(async ({ shared, run, partition, removal }) => {
      await removal().redact(run, 'me');
      await partition.settle();
      assert.is((await shared.backend.index.run('acme', run.run_id))?.redacted, true);
      const next = new Partition(shared, 'q', echo);
      await next.takeOver();
      await next.settle();
      assert.is(next.liveRuns(), 0);
      assert.equal(next.failures, []);
      await next.stop();
    }));
});
