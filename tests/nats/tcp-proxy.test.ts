import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import * as assert from 'uvu/assert';
import { withNatsServer } from '../support/nats/nats-server.js';
import { untilBack, withRawClient } from '../support/nats/raw-client.js';
import { type TcpProxy, withTcpProxy } from '../support/nats/tcp-proxy.js';
import { spec } from '../support/spec.js';

/** An echo server behind a proxy, and its side of the connections. It ends a connection when the client does. */
async function withEcho(use: (proxy: TcpProxy, sockets: ReadonlySet<Socket>) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await withTcpProxy(url, (proxy) => use(proxy, sockets));
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

async function withClient(proxy: TcpProxy, use: (client: Socket) => Promise<void>): Promise<void> {
  const client = connect({
    host: '127.0.0.1',
    port: Number(new URL(proxy.url).port),
    allowHalfOpen: true,
    noDelay: true,
  });
  client.on('error', () => undefined);
  try {
    await use(client);
  } finally {
    client.destroy();
  }
}

/** Sends a text and waits for the echo; 'closed' if the connection ends first. */
async function echoOf(client: Socket, text: string): Promise<string> {
  let got = '';
  return new Promise((resolve) => {
    client.on('data', (bytes: Buffer) => {
      got += bytes.toString();
      if (got.length >= text.length) resolve(got);
    });
    client.once('close', () => resolve('closed'));
    client.write(text);
  });
}

async function within100Ms(work: Promise<unknown>): Promise<unknown> {
  return Promise.race([work, sleep(100, 'nothing')]);
}

function sumOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Round trips until a connection is reset, with a probability of 1 in 10 per chunk. */
async function roundTrips(seed: number): Promise<number> {
  let done = 0;
  await withEcho(async (proxy) => {
    proxy.resetRandomly({ seed, chance: 0.1 });
    await withClient(proxy, async (client) => {
      while ((await echoOf(client, 'x')) !== 'closed') done += 1;
    });
    assert.is(proxy.counts.reset, 1);
  });
  return done;
}

spec('tcp proxy', (test) => {
  test('what is sent comes back whole, in order and with its end', () =>
    withEcho((proxy) =>
      withClient(proxy, async (client) => {
        const sent = randomBytes(5_000_000);
        client.end(sent);
        const got: Buffer[] = [];
        for await (const bytes of client) got.push(bytes as Buffer);
        assert.is(sumOf(Buffer.concat(got)), sumOf(sent));
      }),
    ));

  test('a connection that ended is forgotten', () =>
    withEcho(async (proxy) => {
      await withClient(proxy, async (client) => void (await echoOf(client, 'hello')));
      while (proxy.openConnections > 0) await sleep(1);
      assert.equal(proxy.counts, { accepted: 1, refused: 0, reset: 0 });
    }));

  test('a client whose server is not there is sent away', () =>
    withTcpProxy('tcp://127.0.0.1:1', (proxy) =>
      withClient(proxy, async (client) => assert.is(await echoOf(client, 'hello'), 'closed')),
    ));

  test('a cut resets what is there and what comes; afterwards the same port works', () =>
    withEcho((proxy) =>
      withClient(proxy, async (client) => {
        assert.is(await echoOf(client, 'hello'), 'hello');
        const reset = new Promise((resolve) => client.once('close', resolve));
        proxy.cut();
        await reset;
        await withClient(proxy, async (second) => assert.is(await echoOf(second, 'hello'), 'closed'));
        proxy.heal();
        await withClient(proxy, async (third) => assert.is(await echoOf(third, 'hello'), 'hello'));
        assert.equal(proxy.counts, { accepted: 2, refused: 1, reset: 1 });
      }),
    ));

  test('a stall takes connections and passes nothing until it is healed', () =>
    withEcho(async (proxy) => {
      proxy.stall();
      await withClient(proxy, async (client) => {
        const echo = echoOf(client, 'hello');
        assert.is(await within100Ms(echo), 'nothing');
        proxy.heal();
        assert.is(await echo, 'hello');
      });
    }));

  test('a stall one way passes what goes the other way', () =>
    withEcho(async (proxy) => {
      await withClient(proxy, async (client) => {
        await echoOf(client, 'hello');
        proxy.stall('to_client');
        const bytesRead = client.bytesRead;
        client.end('more');
        await once(client, 'finish');
        await sleep(50);
        assert.is(client.bytesRead, bytesRead);
        proxy.heal();
        while (client.bytesRead < bytesRead + 'more'.length) await sleep(1);
      });
    }));

  test('a stall holds back the end of a connection too', () =>
    withEcho((proxy) =>
      withClient(proxy, async (client) => {
        await echoOf(client, 'hello');
        proxy.stall();
        client.destroy();
        await sleep(20);
        assert.is(proxy.openConnections, 1);
        proxy.heal();
        while (proxy.openConnections > 0) await sleep(1);
      }),
    ));

  test('a sender that ended and then failed leaves no socket behind', () =>
    withEcho((proxy, farSides) =>
      withClient(proxy, async (client) => {
        await echoOf(client, 'hello');
        proxy.stall('to_server');
        client.end();
        await once(client, 'finish');
        client.resetAndDestroy();
        // The failure only shows when something is sent.
        for (const farSide of farSides) farSide.write('more');
        await sleep(20);
        proxy.heal();
        while (proxy.openConnections > 0) await sleep(1);
      }),
    ));

  test('a stalled sender is held up, not stored without bound', () =>
    withEcho((proxy) =>
      withClient(proxy, async (client) => {
        proxy.stall();
        const sent = randomBytes(60_000_000);
        client.end(sent);
        assert.is(await within100Ms(once(client, 'finish')), 'nothing');
        assert.ok(client.writableLength > 0);
        proxy.heal();
        let got = 0;
        for await (const bytes of client) got += (bytes as Buffer).length;
        assert.is(got, sent.length);
      }),
    ));

  test('a delay counts once per piece and way, however many are on the way', () =>
    withEcho((proxy) =>
      withClient(proxy, async (client) => {
        proxy.delay(60);
        const began = performance.now();
        const echo = echoOf(client, 'abcdefghij');
        for (let more = 0; more < 99; more++) {
          await sleep(1);
          client.write('.');
        }
        assert.is((await echo).slice(0, 10), 'abcdefghij');
        const took = performance.now() - began;
        assert.ok(took >= 119, `${took} ms`);
        // Sequentially, the delays of a hundred chunks there and back would add up to 12 s.
        assert.ok(took < 6_000, `${took} ms`);
      }),
    ));

  test('random resets are the same for the same seed', async () => {
    const [first, again] = [await roundTrips(1), await roundTrips(1)];
    assert.is(first, again);
    const others = await Promise.all([2, 3, 4, 5].map(roundTrips));
    assert.ok(others.some((count) => count !== first));
  });

  test('a NATS client survives a cut, a stall and random resets', () =>
    withNatsServer({}, (server) =>
      withTcpProxy(server.url, (proxy) =>
        withRawClient(proxy.url, async ({ connection, streams, publish }) => {
          await streams.add({ name: 'KEEP', subjects: ['keep.>'] });
          proxy.cut();
          await sleep(50);
          proxy.heal();
          await untilBack(connection);
          proxy.stall();
          const answered = connection.flush().then(() => 'answered');
          assert.is(await within100Ms(answered), 'nothing');
          proxy.heal();
          assert.is(await answered, 'answered');
          proxy.resetRandomly({ seed: 7, chance: 0.2 });
          while (proxy.counts.reset < 6) await publish('keep.a', '', { timeout: 100 }).catch(() => sleep(10));
          proxy.heal();
          await untilBack(connection);
          assert.ok((await publish('keep.last')).seq > 0);
        }),
      ),
    ));
});
