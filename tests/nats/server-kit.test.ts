import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type NatsServer, withNatsServer } from '../support/nats/nats-server.js';
import { isRunning } from '../support/nats/process-state.js';
import { untilBack, withRawClient } from '../support/nats/raw-client.js';
import { spec } from '../support/spec.js';

const keep = { name: 'KEEP', subjects: ['keep.>'] };

/** The timeout of the test is the limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

/** Two acked messages are still there after `between`. */
async function keepsMessages(server: NatsServer, between: () => Promise<void>): Promise<void> {
  await withRawClient(server.url, async ({ streams, publish }) => {
    await streams.add(keep);
    await publish('keep.a');
    await publish('keep.b');
  });
  await between();
  await withRawClient(server.url, async ({ streams }) => {
    assert.is((await streams.info('KEEP')).state.messages, 2);
  });
}

/** The error of a callback that must fail. */
async function failureOf(work: Promise<void>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing failed');
}

spec('nats-server for tests', (test) => {
  for (const suite of ['testing', 'trixie'] as const) {
    test(`a server of ${suite} has JetStream and tells its version`, () =>
      withNatsServer({ suite }, async (server) => {
        await keepsMessages(server, async () => undefined);
        await withRawClient(server.url, async ({ connection }) => {
          assert.is(connection.info?.version, server.version);
        });
      }));
  }

  test('acknowledged messages are there after a kill and a start, on the same port, with sync_interval always', () =>
    withNatsServer({ syncInterval: 'always' }, async (server) => {
      const { port, pid } = server;
      await keepsMessages(server, async () => {
        await server.kill();
        assert.is(server.runs, false);
        await server.start();
      });
      assert.is(server.port, port);
      assert.is.not(server.pid, pid);
    }));

  test('a clean end and a start keep what is there', () =>
    withNatsServer({}, async (server) => {
      await keepsMessages(server, () => server.restart());
      assert.match(server.log(), /Initiating Shutdown/);
    }));

  test('a start waits for its port while somebody else has it', () =>
    withNatsServer({}, async (server) => {
      await server.kill();
      const squatter = createServer().listen(server.port, '127.0.0.1');
      await once(squatter, 'listening');
      const started = server.start();
      await until(() => server.log().includes('address already in use'));
      assert.is(server.runs, false);
      squatter.close();
      await started;
      assert.is(server.runs, true);
    }));

  test('a client comes back by itself once the server does', () =>
    withNatsServer({}, (server) =>
      withRawClient(server.url, async ({ connection, streams, publish }) => {
        await streams.add(keep);
        for (let kills = 0; kills < 5; kills++) {
          await server.kill();
          await server.start();
          await untilBack(connection);
        }
        assert.is((await publish('keep.a')).seq, 1);
      }),
    ));

  test('a paused server keeps its connections and answers once it goes on', () =>
    withNatsServer({}, (server) =>
      withRawClient(server.url, async ({ connection }) => {
        await server.pause();
        const answered = connection.flush().then(() => 'answered');
        assert.is(await Promise.race([answered, sleep(100, 'silent')]), 'silent');
        server.resume();
        assert.is(await answered, 'answered');
      }),
    ));

  test('a paused server can be stopped and killed', () =>
    withNatsServer({}, async (server) => {
      await server.pause();
      await server.restart();
      await server.pause();
      await server.kill();
      assert.is(server.runs, false);
    }));

  test('two servers at once do not meet', () =>
    withNatsServer({}, (one) =>
      withNatsServer({}, async (other) => {
        assert.is.not(one.port, other.port);
        await withRawClient(one.url, async ({ streams }) => void (await streams.add(keep)));
        await withRawClient(other.url, async ({ streams }) => {
          assert.equal(await streams.list().next(), []);
        });
      }),
    ));

  test('a server without JetStream has none', () =>
    withNatsServer({ jetstream: false }, (server) =>
      withRawClient(server.url, async ({ connection, streams }) => {
        assert.is.not(connection.info?.jetstream, true);
        assert.match(
          await failureOf(streams.add(keep).then(() => undefined)),
          /jetstream is not enabled|no responders/i,
        );
      }),
    ));

  test('limits of the payload and of the files are those that were asked for', () =>
    withNatsServer({ maxPayload: 1_000, maxFileStore: 20_000 }, (server) =>
      withRawClient(server.url, async ({ connection, streams }) => {
        assert.is(connection.info?.max_payload, 1_000);
        const tooMuch = streams.add({ ...keep, max_bytes: 30_000 }).then(() => undefined);
        assert.match(await failureOf(tooMuch), /insufficient storage/);
        await streams.add({ ...keep, max_bytes: 10_000 });
      }),
    ));

  test('more configuration is taken as the server has it', () =>
    withNatsServer({ config: 'authorization { token: "open sesame" }' }, async (server) => {
      assert.match(await failureOf(withRawClient(server.url, async () => undefined)), /authorization/i);
      await withRawClient(server.url, async ({ connection }) => connection.flush(), { token: 'open sesame' });
    }));

  test('a store folder of the test is used and left', async () => {
    const storeDir = mkdtempSync(join(tmpdir(), 'llmteam-nats-store-'));
    try {
      await withNatsServer({ storeDir }, (server) => keepsMessages(server, async () => undefined));
      assert.ok(readdirSync(storeDir).length > 0);
    } finally {
      rmSync(storeDir, { recursive: true, force: true });
    }
  });

  test('a server that cannot start says why', async () => {
    const said = await failureOf(withNatsServer({ config: 'no_such_setting: 1' }, async () => undefined));
    assert.match(said, /^nats-server ended at once: exit code 1\n/);
    assert.match(said, /\| .*no_such_setting/);
  });

  test('a server that ends without being told to fails the test', async () => {
    const crash = withNatsServer({}, async (server) => {
      process.kill(server.pid, 'SIGKILL');
      await until(() => !server.runs);
    });
    assert.match(await failureOf(crash), /ended by itself: SIGKILL/);
  });

  test('the server and its folder are gone afterwards, also when the test failed', async () => {
    const left = { pid: 0, store: '' };
    const work = withNatsServer({}, async (server) => {
      left.pid = server.pid;
      left.store = server.storeDir;
      throw new Error('the test failed');
    });
    assert.is(await failureOf(work), 'the test failed');
    assert.is(isRunning(left.pid), false);
    assert.is(existsSync(join(left.store, '..')), false);
  });

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    test(`a server dies with the process that started it, by ${signal}, even while it is paused`, async () => {
      const child = spawn(process.execPath, [join(import.meta.dirname, 'children/hold-server.js')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'exit');
      const [line] = await once(createInterface({ input: child.stdout }), 'line');
      const { pid, folder } = JSON.parse(String(line)) as { pid: number; folder: string };
      try {
        assert.ok(isRunning(pid));
        child.kill(signal);
        await ended;
        await until(() => !isRunning(pid));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
