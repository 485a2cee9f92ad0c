/** A plain NATS client for tests that inspect a server directly, not through a backend. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';

export interface RawClient {
  readonly connection: NatsConnection;
  readonly publish: JetStreamClient['publish'];
  readonly streams: JetStreamManager['streams'];
}

/**
 * Reconnects forever, at short intervals. `timeout`: the client does not notice a connection lost between the server's INFO and its first
 * response, and waits this long (by default 20 s) before it retries.
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

/** Retries until the server responds. */
export async function untilBack(connection: NatsConnection): Promise<void> {
  for (;;) {
    try {
      return await connection.flush();
    } catch {
      await sleep(10);
    }
  }
}
