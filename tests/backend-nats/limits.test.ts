import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NatsBackend } from '@llmteam/backend-nats';
import { isLlmteamError, type Job, type Journal, type LlmteamError, type NewEntry } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { listOf } from '../conformance/kit.js';
import { withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { SharedServer } from '../support/nats/shared-server.js';
import { notTestedHere } from '../support/not-tested-here.js';
import { spec } from '../support/spec.js';
import { failure } from './failure.js';
import { entry, job, newNamespace, requested, withBackend, workQueue } from './open-backend.js';

const shared = new SharedServer();
const run = { tenant_id: 'acme', run_id: 'run-1' };
const otherRun = { tenant_id: 'acme', run_id: 'run-2' };
const kilobyte = 'x'.repeat(1_024);

async function onShared(use: (url: string) => Promise<void>): Promise<void> {
  const { server, release } = await shared.lend();
  try {
    await use(server.url);
  } finally {
    release();
  }
}

/** Appends until the store is full; returns the acknowledged ids and the error. */
async function fill(journal: Journal, payload: string): Promise<{ kept: string[]; error: LlmteamError }> {
  const kept: string[] = [];
  for (let each = 0; each < 100_000; each++) {
    try {
      await journal.append(run, [entry(`m${each}`, payload)]);
      kept.push(`m${each}`);
    } catch (error) {
      if (isLlmteamError(error)) return { kept, error };
      throw error;
    }
  }
  throw new Error('the store never became full');
}

async function idsOf(journal: Journal, of = run): Promise<string[]> {
  return (await listOf(journal.read(of))).map(({ message_id }) => message_id);
}

/** Acknowledged entries are present and rejected ones absent; once there is space again, appends succeed. */
async function checkFull({ journal, retention }: NatsBackend, payload: string): Promise<number> {
  for (let each = 0; each < 8; each++) await journal.append(otherRun, [entry(`other${each}`, payload)]);
  const { kept, error } = await fill(journal, payload);
  assert.is(error.code, 'STORE_FULL', error.message);
  assert.ok(error.recoverable);
  const several: NewEntry[] = [entry('a', payload), entry('b', payload)];
  await failure(() => journal.append(run, several), 'STORE_FULL');
  await failure(() => journal.append({ ...run, run_id: 'new' }, [requested(payload)]), 'STORE_FULL');
  assert.equal(await idsOf(journal), kept);
  assert.equal(await idsOf(journal, { ...run, run_id: 'new' }), []);
  await retention.remove(journal.partitionOf(otherRun), otherRun);
  await journal.append(run, several);
  assert.equal(await idsOf(journal), [...kept, 'a', 'b']);
  return kept.length;
}

/** A separate file system, or the reason why there is none. */
async function withSmallDisk(megabytes: number, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    return notTestedHere('a full disk under the server', `no file system can be mounted: ${error}`);
  }
  try {
    await use(folder);
  } finally {
    execFileSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
}

spec('the limits of a NATS server', (test) => {
  test('a journal that has reached its size refuses appends whole, and goes on when a run is removed', () =>
    onShared((url) =>
      withBackend({ url, maxJournalBytes: 64 * 1_024 }, async (backend) => {
        assert.ok((await checkFull(backend, kilobyte)) > 20);
      }),
    ));

  test('so does one whose server may store no more', () =>
    withNatsServer({ maxFileStore: 4 * 1_024 * 1_024 }, ({ url }) =>
      withBackend({ url }, async (backend) => {
        assert.ok((await checkFull(backend, kilobyte.repeat(100))) > 10);
      }),
    ));

  test(
    'a full disk loses nothing that was acknowledged, and freeing space and a restart recover from it',
    () =>
      withSmallDisk(24, async (disk) => {
        const ballast = join(disk, 'ballast');
        const storeDir = join(disk, 'store');
        mkdirSync(storeDir);
        execFileSync('dd', ['if=/dev/zero', `of=${ballast}`, 'bs=1M', 'count=12'], { stdio: 'ignore' });
        await withNatsServer({ storeDir, maxFileStore: 1_000_000_000 }, (server) =>
          withBackend({ url: server.url }, async ({ journal }) => {
            const { kept, error } = await fill(journal, kilobyte.repeat(50));
            process.stderr.write(`${kept.length} appends, then ${error.code}: ${error.message}\n`);
            assert.ok(error.recoverable, error.message);
            assert.match(error.message, /disk|space/);
            assert.ok(kept.length > 20);
            rmSync(ballast);
            await server.kill();
            await server.start();
            await untilAppended(journal, entry('after'));
            const ids = await idsOf(journal);
            const refused = ids.filter((id) => id !== 'after' && !kept.includes(id));
            assert.equal(
              ids.filter((id) => kept.includes(id)),
              kept,
            );
            assert.ok(refused.length <= 1, 'at most the append whose answer never came');
            assert.is(ids.at(-1), 'after');
          }),
        );
      }),
    { timeoutMs: 30_000 },
  );

  test('facts and jobs of 4 MB go through a server that takes messages of 64 KiB', () =>
    withNatsServer({ maxPayload: 64 * 1_024 }, ({ url }) =>
      withBackend({ url }, async ({ journal, queue }) => {
        const sizes = [60, 61, 62, 63, 64, 65, 100, 4_096].map((kilobytes) => kilobyte.repeat(kilobytes));
        for (const [place, payload] of sizes.entries()) await journal.append(run, [entry(`m${place}`, payload)]);
        await journal.append(otherRun, [requested(sizes.at(-1)), entry('second', sizes.at(-1) ?? '')]);
        const read = await listOf(journal.read(run));
        assert.equal(
          read.map(({ fact }) => (fact.type === 'signal.received' ? fact.payload : null)),
          sizes,
        );
        assert.equal(await idsOf(journal, otherRun), ['requested', 'second']);
        await queue.publish(sizes.map((input, place) => job(place, { input })));
        const received = await receive(queue, sizes.length);
        const lengths = received.map(({ input }) => String(input).length).sort((one, other) => one - other);
        assert.equal(
          lengths,
          sizes.map(({ length }) => length),
        );
      }),
    ));

  test('a stored value larger than a message is rejected by name', () =>
    withNatsServer({ maxPayload: 64 * 1_024 }, ({ url }) =>
      withBackend({ url }, async ({ kv }) => {
        await failure(() => kv.put('segments/large', kilobyte.repeat(64)), 'LIMIT_EXCEEDED', 'segments/large');
        assert.is(await kv.get('segments/large'), null);
        const revision = await kv.put('segments/large', kilobyte.repeat(60));
        const replace = (): Promise<unknown> => kv.put('segments/large', kilobyte.repeat(64), { ifRevision: revision });
        await failure(replace, 'LIMIT_EXCEEDED');
        assert.is((await kv.get('segments/large'))?.revision, revision);
      }),
    ));

  test('a published value larger than a message is dropped and affects nothing else', () =>
    withNatsServer({ maxPayload: 64 * 1_024 }, ({ url }) =>
      withBackend({ url }, async ({ pubSub }) => {
        const heard: unknown[] = [];
        pubSub.subscribe('live', (message) => heard.push(message));
        pubSub.publish('live', kilobyte.repeat(100));
        pubSub.publish('live', 'small');
        while (heard.length === 0) await sleep(1);
        assert.equal(heard, ['small']);
      }),
    ));

  test('a stream of jobs that an operator limited refuses more, and goes on when jobs are done', () =>
    onShared(async (url) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace }, async ({ queue }) => {
        const name = `${namespace.toUpperCase()}_JOBS`;
        await withRawClient(url, async ({ streams }) => {
          await streams.update(name, { max_msgs: 3 });
        });
        for (const each of [1, 2, 3]) await queue.publish([job(each)]);
        await failure(() => queue.publish([job(4)]), 'STORE_FULL', 'run-1/step4#1');
        await queue.publish([job(2)]);
        await queue.withdraw(['run-1/step2#1']);
        await queue.publish([job(4)]);
        const received = await receive(queue, 3);
        assert.equal(received.map(({ step }) => step).sort(), ['step1', 'step3', 'step4']);
      });
    }));
});

async function receive(queue: NatsBackend['queue'], count: number): Promise<Job[]> {
  const jobs: Job[] = [];
  const consumer = await queue.consume(workQueue, { concurrency: 4 }, (delivery) => {
    jobs.push(delivery.job);
    void delivery.ack();
  });
  while (jobs.length < count) await sleep(1);
  await consumer.stop();
  return jobs;
}

async function untilAppended(journal: Journal, last: NewEntry): Promise<void> {
  for (;;) {
    try {
      await journal.append(run, [last]);
      return;
    } catch (error) {
      if (!isLlmteamError(error) || !error.recoverable) throw error;
      await sleep(50);
    }
  }
}
