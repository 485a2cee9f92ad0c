import { connect } from 'node:net';
import { liveSubject, type RunAccepted } from '@llmteam/contracts';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import { chain, waiting } from './support/segments.js';
import { openSocket } from './support/socket-client.js';
import { until } from './support/until.js';
import { type GatewayWorld, type WorldOptions, withGateway, withSegments } from './support/with-gateway.js';

const page = 'https://console.example.com';

interface Scene extends GatewayWorld {
  readonly key: string;
  readonly prefix: string;
  readonly run_id: string;
  signal(): Promise<unknown>;
}

async function withScene(use: (scene: Scene) => Promise<void>, options: WorldOptions = {}): Promise<void> {
  await withGateway(
    async (world) => {
      const own = await withSegments(await world.client(), waiting, chain(100));
      const { key, listing } = await world.keys.create({
        tenant_id: 'acme',
        role: 'viewer',
        name: 'reader',
        expires_at: null,
      });
      const { run_id } = (await own.post<RunAccepted>('/api/v1/segments/waiting/runs')).json;
      const signal = () => own.post(`/api/v1/runs/${run_id}/signals/go`, { payload: 1 });
      await use({ ...world, key, prefix: listing.prefix, run_id, signal });
    },
    { origins: [page], ...options },
  );
}

const counted = (length: number, from = 1): number[] => Array.from({ length }, (_, at) => at + from);

spec('following a run by WebSocket', (test) => {
  test('gives the history, then what is new, and closes with 1000 when the run ends', async () => {
    await withScene(async ({ port, key, run_id, signal }) => {
      const stream = openSocket(port, run_id, { key });
      await until(() => stream.events.some(({ event_type }) => event_type === 'step.waiting'));
      await signal();
      assert.is(await stream.closed, 1000);
      assert.equal(stream.seqs, counted(stream.seqs.length));
      const rest = openSocket(port, run_id, { key, fromSeq: 3 });
      assert.is(await rest.closed, 1000);
      assert.equal(rest.seqs, counted(stream.seqs.length - 2, 3));
    });
  });

  test('tells between the events what a model writes and how far a step is', async () => {
    await withScene(async ({ backend, port, key, run_id, signal }) => {
      const stream = openSocket(port, run_id, { key });
      await until(() => stream.events.some(({ event_type }) => event_type === 'step.waiting'));
      const about = { run_id, step_id: 'wait', scope: '', attempt: 1 };
      const live = [
        { event_type: 'llm.token', ...about, text: 'Hel' },
        { event_type: 'step.progress', ...about, progress: { done: 3, total: 10 } },
      ];
      for (const message of live) backend.pubSub.publish(liveSubject(run_id), message);
      await until(() => stream.events.some(({ event_type }) => event_type === 'step.progress'));
      assert.equal(
        stream.events.filter((event) => !('seq' in event)),
        live,
      );
      await signal();
      assert.is(await stream.closed, 1000);
    });
  });

  test('takes a key as a subprotocol, and names back the other one', async () => {
    await withScene(async ({ port, key, run_id, signal }) => {
      const stream = openSocket(port, run_id, { protocols: ['llmteam.v1', `llmteam.key.${key}`], origin: page });
      await until(() => stream.seqs.length > 0);
      assert.is(stream.socket.protocol, 'llmteam.v1');
      await signal();
      assert.is(await stream.closed, 1000);
    });
  });

  test('is refused before the upgrade to who has no key, no right, no run or the wrong origin', async () => {
    await withScene(async ({ port, key, run_id, keys }) => {
      const rival = await keys.create({ tenant_id: 'rival', role: 'admin', name: 'rival', expires_at: null });
      assert.is(await openSocket(port, run_id).closed, 401);
      assert.is(await openSocket(port, run_id, { key: `${key}x` }).closed, 401);
      assert.is(await openSocket(port, run_id, { key: rival.key }).closed, 404);
      assert.is(await openSocket(port, 'absent', { key }).closed, 404);
      assert.is(await openSocket(port, run_id, { key, fromSeq: 0 }).closed, 400);
      assert.is(await openSocket(port, run_id, { key, origin: 'https://evil.example.com' }).closed, 403);
      assert.is(await openSocket(port, run_id, { key, origin: 'http://127.0.0.1' }).closed, 403);
    });
  });

  test('is told so by a request that is no upgrade', async () => {
    await withScene(async ({ client, run_id }) => {
      const own = await client();
      const answer = await own.get(`/api/v1/runs/${run_id}/ws`);
      assert.equal([answer.status, answer.json.code], [426, 'UPGRADE_REQUIRED']);
    });
  });

  test('closes with a code of its own when the client speaks, its key is revoked, or the gateway stops', async () => {
    await withScene(async ({ port, key, prefix, run_id, keys, gateway }) => {
      const other = await keys.create({ tenant_id: 'acme', role: 'viewer', name: 'other', expires_at: null });
      const speaking = openSocket(port, run_id, { key });
      const shouting = openSocket(port, run_id, { key });
      const revoked = openSocket(port, run_id, { key });
      const left = openSocket(port, run_id, { key: other.key });
      await until(() => [speaking, shouting, revoked, left].every(({ seqs }) => seqs.length > 0));
      speaking.socket.send('hello');
      shouting.socket.send('x'.repeat(100_000));
      assert.equal([await speaking.closed, await shouting.closed], [1003, 1009]);
      await keys.revoke(prefix);
      assert.is(await revoked.closed, 4401);
      await gateway.close();
      assert.is(await left.closed, 1001);
    });
  });

  test('a client that does not answer pings is dropped', async () => {
    await withScene(
      async ({ port, key, run_id }) => {
        const mute = connect(port, '127.0.0.1');
        const received: Buffer[] = [];
        mute.on('data', (piece) => received.push(piece));
        const closed = new Promise((resolve) => mute.once('close', resolve));
        mute.write(
          [
            `GET /api/v1/runs/${run_id}/ws HTTP/1.1`,
            'Host: 127.0.0.1',
            `Authorization: Bearer ${key}`,
            'Connection: Upgrade',
            'Upgrade: websocket',
            'Sec-WebSocket-Version: 13',
            `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`,
            '\r\n',
          ].join('\r\n'),
        );
        await closed;
        const said = Buffer.concat(received).toString('latin1');
        assert.match(said, /^HTTP\/1\.1 101 /);
        assert.match(said, /step\.waiting/);
      },
      { limits: { heartbeat_ms: 20 } },
    );
  });
});
