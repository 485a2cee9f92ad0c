/** The NATS client of the tests that look at a server themselves, not through a backend. */
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';

export interface RawClient {
  readonly connection: NatsConnection;
  readonly publish: JetStreamClient['publish'];
  readonly streams: JetStreamManager['streams'];
}

/** It reconnects for ever, at short intervals. */
export async function with_raw_client(
  url: string,
  use: (client: RawClient) => Promise<void>,
  options: ConnectionOptions = {},
): Promise<void> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 20, ...options });
  try {
    const client = jetstream(connection);
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    await use({ connection, publish: client.publish.bind(client), streams });
  } finally {
    await connection.close();
  }
}
