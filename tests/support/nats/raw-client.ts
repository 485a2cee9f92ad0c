/** The NATS client of the tests that look at a server themselves, not through a backend. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';

export interface RawClient {
  readonly connection: NatsConnection;
  readonly publish: JetStreamClient['publish'];
  readonly streams: JetStreamManager['streams'];
}

/**
 * It reconnects for ever, at short intervals. `timeout`: a connection that is lost between the server's greeting and its first answer
 * is not noticed by the client, which then waits this long (by default 20 s) before it tries again.
 */
export async function withRawClient(
  url: string,
  use: (client: RawClient) => Promise<void>,
  options: ConnectionOptions = {},
): Promise<void> {
  const patience = { maxReconnectAttempts: -1, reconnectTimeWait: 20, timeout: 500 };
  const connection = await connect({ servers: url, ...patience, ...options });
  try {
    const client = jetstream(connection);
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    await use({ connection, publish: client.publish.bind(client), streams });
  } finally {
    await connection.close();
  }
}

/** Asks again and again until the server answers. */
export async function untilBack(connection: NatsConnection): Promise<void> {
  for (;;) {
    try {
      return await connection.flush();
    } catch {
      await sleep(10);
    }
  }
}
