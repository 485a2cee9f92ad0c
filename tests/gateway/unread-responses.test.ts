/** Clients that ask and do not read cost a bounded amount of memory, and nobody who reads. */
import { connect, type Socket } from 'node:net';
import type { EventPage, RunAccepted } from '@llmteam/contracts';
import { UnreadResponses } from '@llmteam/gateway';
import * as assert from 'uvu/assert';
import { spec } from '../support/spec.js';
import type { ApiClient } from './support/api-client.js';
import { chain } from './support/segments.js';
import { until } from './support/until.js';
import { withGateway, withSegments } from './support/with-gateway.js';

function responses(maxBytes: number) {
  const unread = new UnreadResponses(maxBytes);
  const cut: string[] = [];
  const add = (tenantId: string, name: string, bytes: number) =>
    unread.add(tenantId, { bytes, cutOff: () => void cut.push(name) });
  return { add, cut };
}

spec('unread responses', (test) => {
  test('beyond the limit those of the tenant that are unread for longest are cut off', () => {
    const { add, cut } = responses(100);
    for (const name of ['first', 'second', 'third']) add('noisy', name, 40);
    add('calm', 'other', 90);
    assert.equal(cut, ['first']);
    add('noisy', 'fourth', 90);
    assert.equal(cut, ['first', 'second', 'third']);
  });

  test('what was read does not count any more', () => {
    const { add, cut } = responses(100);
    const read = add('noisy', 'first', 90);
    read();
    add('noisy', 'second', 90);
    assert.equal(cut, []);
  });

  test('a response beyond the limit is sent all the same', () => {
    const { add, cut } = responses(100);
    add('noisy', 'huge', 1_000);
    assert.equal(cut, []);
  });

  test('a client that reads is served while others ask for much ahead and never read', () =>
    withGateway(
      async (world) => {
        const client = await withSegments(await world.client(), chain(500));
        const { run_id } = (await client.post<RunAccepted>('/api/v1/segments/chain_500/runs?wait=60')).json;
        const { key } = await world.keys.create({ tenant_id: 'acme', role: 'viewer', name: 'v', expires_at: null });
        const path = `/api/v1/runs/${run_id}/events?limit=10000`;
        const silent = Array.from({ length: 4 }, () => askAhead(world.port, key, path, 30));
        try {
          await until(async () => (await cutOff(world.stranger)) >= 2);
          assert.is((await client.get<EventPage>(path)).status, 200);
        } finally {
          for (const socket of silent) socket.destroy();
        }
      },
      { limits: { unread_response_bytes: 1024 * 1024, slow_reader_ms: 600_000 } },
    ));
});

/** Sends many requests on one connection and reads nothing. */
function askAhead(port: number, key: string, path: string, count: number): Socket {
  const socket = connect(port, '127.0.0.1').pause();
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n\r\n`.repeat(count));
  return socket;
}

async function cutOff(client: ApiClient): Promise<number> {
  const { text } = await client.get('/metrics');
  return Number(/^llmteam_gateway_slow_readers_total (.+)$/m.exec(text)?.[1]);
}
