import { inspectNats } from '@llmteam/backend-nats';
import type { LlmteamError } from '@llmteam/contracts';
import { RetentionPolicy, StorageType } from '@nats-io/jetstream';
import * as assert from 'uvu/assert';
import { listOf } from '../conformance/kit.js';
import { withNatsServer } from '../support/nats/nats-server.js';
import { withRawClient } from '../support/nats/raw-client.js';
import { quietLogger } from '../support/quiet-logger.js';
import { spec } from '../support/spec.js';
import { failure } from './failure.js';
import { withServerOfVersion, withSilentServer } from './old-server.js';
import { entry, job, newNamespace, openBackend, settingsOf, withBackend, workQueue } from './open-backend.js';

const run = { tenant_id: 'acme', run_id: 'run-1' };

async function tookMs(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** One user with all permissions, and others that each lack one. */
const users = `authorization { users: [
  { user: admin, password: "right/p@ss" }
  { user: no_journal, password: p, permissions: { publish: { allow: [">"], deny: ["*.journal.>"] } } }
  { user: no_streams, password: p, permissions: { publish: { allow: [">"], deny: ["$JS.API.STREAM.CREATE.>"] } } }
  { user: no_answers, password: p, permissions: { subscribe: { allow: [">"], deny: ["_INBOX.>"] } } }
  { user: no_jobs, password: p, permissions: { publish: { allow: [">"], deny: ["$JS.API.CONSUMER.CREATE.PERM_JOBS.>", "$JS.API.CONSUMER.DURABLE.CREATE.PERM_JOBS.>"] } } }
] }`;

spec('a NATS server that does not suit', (test) => {
  test('if nothing listens, the error names the server and comes after the timeout', async () => {
    const act = (): Promise<unknown> => openBackend({ url: 'nats://ann:s3cret@127.0.0.1:1', patienceMs: 600 });
    let error: LlmteamError | undefined;
    const ms = await tookMs(async () => {
      error = await failure(act, 'BACKEND_UNREACHABLE', 'nats://127.0.0.1:1');
    });
    // The timeout of the test catches a hang.
    assert.ok(ms > 200, `took ${ms} ms`);
    assert.not.match(String(error?.stack), 's3cret');
  });

  test('a name that nobody knows and an address that is none are told', async () => {
    await failure(
      () => openBackend({ url: 'nats://no-host.invalid:4222', patienceMs: 0 }),
      'BACKEND_UNREACHABLE',
      'no-host',
    );
    await failure(() => openBackend({ url: 'nats://a b', patienceMs: 5_000 }), 'CONFIG_INVALID', 'nats://a b');
  });

  test('connecting to a silent server times out', () =>
    withSilentServer(async (url) => {
      await failure(() => openBackend({ url, patienceMs: 0 }), 'BACKEND_UNREACHABLE', url);
    }));

  test('an old server is refused by its version', () =>
    withServerOfVersion('2.9.10', async (url) => {
      await failure(() => openBackend({ url }), 'BACKEND_UNSUITABLE', '2.9.10', '2.10.23');
    }));

  test('a server without JetStream is refused, and inspection says so', () =>
    withNatsServer({ jetstream: false }, async ({ url }) => {
      await failure(() => openBackend({ url }), 'BACKEND_UNSUITABLE', 'JetStream is not enabled');
      const { hasJetstream, problems } = await inspectNats(settingsOf({ url }), quietLogger);
      assert.is(hasJetstream, false);
      assert.equal(problems, ['JetStream is not enabled']);
    }));

  test('wrong credentials are told, and right ones work in the address and in the settings', () =>
    withNatsServer({ config: users }, async ({ url, port }) => {
      const wrong = `nats://admin:wr0ng@127.0.0.1:${port}`;
      const error = await failure(() => openBackend({ url: wrong }), 'BACKEND_UNSUITABLE', 'refuses the credentials');
      assert.not.match(error.message, 'wr0ng');
      await failure(() => inspectNats(settingsOf({ url }), quietLogger), 'BACKEND_UNSUITABLE', 'credentials');
      const login = { user: 'admin', password: 'right/p@ss' };
      await withBackend({ url, ...login }, async ({ journal }) => {
        assert.is((await journal.append(run, [entry('m')])).length, 1);
      });
      const address = `nats://admin:${encodeURIComponent(login.password)}@127.0.0.1:${port}`;
      await withBackend({ url: address }, async ({ journal }) => {
        assert.is((await journal.append(run, [entry('m')])).length, 1);
      });
    }));

  test('what a user may not do is told by its subject', () =>
    withNatsServer({ config: users }, async ({ url }) => {
      const namespace = 'perm';
      const as = (user: string): Parameters<typeof openBackend>[0] => ({ url, namespace, user, password: 'p' });
      await failure(() => openBackend(as('no_streams')), 'BACKEND_UNSUITABLE', /permit.*STREAM\.CREATE/);
      await withBackend({ ...as('admin'), password: 'right/p@ss' }, async () => undefined);
      await withBackend(as('no_journal'), async ({ journal }) => {
        // Reported by the server; a timeout would be BACKEND_UNREACHABLE.
        const append = (): Promise<unknown> => journal.append(run, [entry('m')]);
        await failure(append, 'BACKEND_UNSUITABLE', `${namespace}.journal.0.acme.run-1`);
        assert.equal(await listOf(journal.read(run)), []);
      });
      await withBackend(as('no_jobs'), async ({ queue }) => {
        await queue.publish([job(1)]);
        const consume = (): Promise<unknown> => queue.consume(workQueue, { concurrency: 1 }, () => undefined);
        await failure(consume, 'BACKEND_UNSUITABLE', 'CONSUMER');
      });
      await failure(() => openBackend(as('no_answers')), 'BACKEND_UNSUITABLE', '_INBOX');
    }));

  test('streams that differ are named with all their differences, and left as they are', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      await withRawClient(url, async ({ streams }) => {
        const upper = namespace.toUpperCase();
        const journal = { name: `${upper}_JOURNAL_0`, subjects: [`${namespace}.journal.0.>`] };
        await streams.add({ ...journal, storage: StorageType.Memory, retention: RetentionPolicy.Interest });
        await streams.add({ name: `${upper}_JOBS`, subjects: [`${namespace}.job.>`] });
        await streams.add({
          name: `OBJ_${upper}_BLOBS`,
          subjects: [`$O.${upper}_BLOBS.>`],
          storage: StorageType.Memory,
        });
        const opened = (): Promise<unknown> => openBackend({ url, namespace, replicas: 1 });
        await failure(opened, 'BACKEND_UNSUITABLE', /JOURNAL_0.*retention is interest.*storage is memory/, /BLOBS/);
        const settings = { ...settingsOf({ url, namespace }), replicas: 3 };
        const { problems, streams: seen } = await inspectNats(settings, quietLogger);
        const all = problems.join('\n');
        for (const told of [
          'not part of a cluster',
          'JOURNAL_0: storage',
          'JOURNAL_0: retention',
          'JOBS: retention',
          'num_replicas',
        ]) {
          assert.ok(all.includes(told), `${told} is missing in:\n${all}`);
        }
        assert.equal(seen.filter(({ exists }) => exists).length, 3);
        const names: string[] = [];
        for await (const { config } of streams.list()) names.push(config.name);
        assert.is(names.length, 3, 'neither opening nor inspection has made anything');
      });
    }));

  test('the number of partitions is fixed', () =>
    withNatsServer({}, async ({ url }) => {
      const namespace = newNamespace();
      await withBackend({ url, namespace, partitions: 2 }, async () => undefined);
      for (const partitions of [1, 3]) {
        const expected = `one of 2 partitions, expected ${partitions}`;
        await failure(() => openBackend({ url, namespace, partitions }), 'BACKEND_UNSUITABLE', 'JOURNAL_0', expected);
      }
      const { problems, streams } = await inspectNats(settingsOf({ url, namespace, partitions: 2 }), quietLogger);
      assert.equal(problems, []);
      assert.is(streams.length, 5);
    }));

  test('an installation that lost a part is refused until it is restored or removed', () =>
    withNatsServer({}, async ({ url }) => {
      for (const part of ['JOURNAL_1', 'REGISTRY', 'BLOBS']) {
        const namespace = newNamespace();
        await withBackend({ url, namespace, partitions: 2 }, async ({ journal }) => {
          for (let each = 0; each < 8; each++) await journal.append({ ...run, run_id: `run-${each}` }, [entry('m')]);
        });
        await withRawClient(url, async ({ streams }) => {
          const prefix = { JOURNAL_1: '', REGISTRY: 'KV_', BLOBS: 'OBJ_' }[part] ?? '';
          const name = `${prefix}${namespace.toUpperCase()}_${part}`;
          await streams.delete(name);
          await failure(() => openBackend({ url, namespace, partitions: 2 }), 'STORE_CORRUPT', `has lost ${name}`);
        });
      }
    }));
});
