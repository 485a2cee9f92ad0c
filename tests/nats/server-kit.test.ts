import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { type NatsServer, with_nats_server } from '../support/nats/nats-server.js';
import { is_running } from '../support/nats/process-state.js';
import { until_back, with_raw_client } from '../support/nats/raw-client.js';
import { spec } from '../support/spec.js';

const keep = { name: 'KEEP', subjects: ['keep.>'] };

/** The deadline of the test is the limit. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(5);
}

/** Two messages are acknowledged, `between` happens, and both are there. */
async function keeps_messages(server: NatsServer, between: () => Promise<void>): Promise<void> {
  await with_raw_client(server.url, async ({ streams, publish }) => {
    await streams.add(keep);
    await publish('keep.a');
    await publish('keep.b');
  });
  await between();
  await with_raw_client(server.url, async ({ streams }) => {
    assert.is((await streams.info('KEEP')).state.messages, 2);
  });
}

/** The error of a use of the server that must fail. */
async function failure_of(work: Promise<void>): Promise<string> {
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
      with_nats_server({ suite }, async (server) => {
        await keeps_messages(server, async () => undefined);
        await with_raw_client(server.url, async ({ connection }) => {
          assert.is(connection.info?.version, server.version);
        });
      }));
  }

  test('acknowledged messages are there after a kill and a start, on the same port, with sync_interval always', () =>
    with_nats_server({ sync_interval: 'always' }, async (server) => {
      const { port, pid } = server;
      await keeps_messages(server, async () => {
        await server.kill();
        assert.is(server.runs, false);
        await server.start();
      });
      assert.is(server.port, port);
      assert.is.not(server.pid, pid);
    }));

  test('a clean end and a start keep what is there', () =>
    with_nats_server({}, async (server) => {
      await keeps_messages(server, () => server.restart());
      assert.match(server.log(), /Initiating Shutdown/);
    }));

  test('a start waits for its port while somebody else has it', () =>
    with_nats_server({}, async (server) => {
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
    with_nats_server({}, (server) =>
      with_raw_client(server.url, async ({ connection, streams, publish }) => {
        await streams.add(keep);
        for (let kills = 0; kills < 5; kills++) {
          await server.kill();
          await server.start();
          await until_back(connection);
        }
        assert.is((await publish('keep.a')).seq, 1);
      }),
    ));

  test('a paused server keeps its connections and answers once it goes on', () =>
    with_nats_server({}, (server) =>
      with_raw_client(server.url, async ({ connection }) => {
        await server.pause();
        const answered = connection.flush().then(() => 'answered');
        assert.is(await Promise.race([answered, sleep(100, 'silent')]), 'silent');
        server.resume();
        assert.is(await answered, 'answered');
      }),
    ));

  test('a paused server can be stopped and killed', () =>
    with_nats_server({}, async (server) => {
      await server.pause();
      await server.restart();
      await server.pause();
      await server.kill();
      assert.is(server.runs, false);
    }));

  test('two servers at once do not meet', () =>
    with_nats_server({}, (one) =>
      with_nats_server({}, async (other) => {
        assert.is.not(one.port, other.port);
        await with_raw_client(one.url, async ({ streams }) => void (await streams.add(keep)));
        await with_raw_client(other.url, async ({ streams }) => {
          assert.equal(await streams.list().next(), []);
        });
      }),
    ));

  test('a server without JetStream has none', () =>
    with_nats_server({ jetstream: false }, (server) =>
      with_raw_client(server.url, async ({ connection, streams }) => {
        assert.is.not(connection.info?.jetstream, true);
        assert.match(
          await failure_of(streams.add(keep).then(() => undefined)),
          /jetstream is not enabled|no responders/i,
        );
      }),
    ));

  test('limits of the payload and of the files are those that were asked for', () =>
    with_nats_server({ max_payload: 1_000, max_file_store: 20_000 }, (server) =>
      with_raw_client(server.url, async ({ connection, streams }) => {
        assert.is(connection.info?.max_payload, 1_000);
        const too_much = streams.add({ ...keep, max_bytes: 30_000 }).then(() => undefined);
        assert.match(await failure_of(too_much), /insufficient storage/);
        await streams.add({ ...keep, max_bytes: 10_000 });
      }),
    ));

  test('more configuration is taken as the server has it', () =>
    with_nats_server({ config: 'authorization { token: "open sesame" }' }, async (server) => {
      assert.match(await failure_of(with_raw_client(server.url, async () => undefined)), /authorization/i);
      await with_raw_client(server.url, async ({ connection }) => connection.flush(), { token: 'open sesame' });
    }));

  test('a store folder of the test is used and left', async () => {
    const store_dir = mkdtempSync(join(tmpdir(), 'llmteam-nats-store-'));
    try {
      await with_nats_server({ store_dir }, (server) => keeps_messages(server, async () => undefined));
      assert.ok(readdirSync(store_dir).length > 0);
    } finally {
      rmSync(store_dir, { recursive: true, force: true });
    }
  });

  test('a server that cannot start says why', async () => {
    const said = await failure_of(with_nats_server({ config: 'no_such_setting: 1' }, async () => undefined));
    assert.match(said, /^nats-server ended at once: exit code 1\n/);
    assert.match(said, /\| .*no_such_setting/);
  });

  test('a server that ends without being told to fails the test', async () => {
    const crash = with_nats_server({}, async (server) => {
      process.kill(server.pid, 'SIGKILL');
      await until(() => !server.runs);
    });
    assert.match(await failure_of(crash), /ended by itself: SIGKILL/);
  });

  test('the server and its folder are gone afterwards, also when the test failed', async () => {
    const left = { pid: 0, store: '' };
    const work = with_nats_server({}, async (server) => {
      left.pid = server.pid;
      left.store = server.store_dir;
      throw new Error('the test failed');
    });
    assert.is(await failure_of(work), 'the test failed');
    assert.is(is_running(left.pid), false);
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
        assert.ok(is_running(pid));
        child.kill(signal);
        await ended;
        await until(() => !is_running(pid));
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });
  }
});
