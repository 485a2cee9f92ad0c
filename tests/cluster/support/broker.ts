/** What an operator or a broker does to the streams of an installation behind its back. */
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { type Cluster, namespace } from './cluster.js';

const jobs_stream = `${namespace.toUpperCase()}_JOBS`;

export class Broker {
  private constructor(
    private readonly connection: NatsConnection,
    private readonly manager: JetStreamManager,
  ) {}

  static async with(cluster: Cluster, use: (broker: Broker) => Promise<void>): Promise<void> {
    const connection = await connect({ servers: cluster.server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    try {
      await use(new Broker(connection, await jetstreamManager(connection, { checkAPI: false })));
    } finally {
      await connection.close();
    }
  }

  async delete_consumers(): Promise<number> {
    const names: string[] = [];
    for await (const { name } of this.manager.consumers.list(jobs_stream)) names.push(name);
    for (const name of names) await this.manager.consumers.delete(jobs_stream, name);
    return names.length;
  }

  /** How many jobs were thrown away. */
  async purge_jobs(): Promise<number> {
    return (await this.manager.streams.purge(jobs_stream)).purged;
  }

  async delete_jobs_stream(): Promise<void> {
    await this.manager.streams.delete(jobs_stream);
  }

  /** Gives every job a second time as soon as the first is acknowledged, until it is told to stop; answers how many. */
  duplicate_jobs(): () => Promise<number> {
    const copies = { made: 0 };
    const stop = this.copy(`${namespace}.job.>`, async (subject, body) => {
      for (let tries = 0; tries < 100; tries++) {
        const { error } = await this.ask(subject, body);
        if (error === undefined) {
          copies.made += 1;
          return;
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    });
    return async () => {
      await stop();
      return copies.made;
    };
  }

  /** Appends every fact a second time without its id, as if the server had forgotten it; answers how many. */
  duplicate_facts(): () => Promise<number> {
    const copies = { made: 0 };
    const stop = this.copy(`${namespace}.journal.*.*.*.s`, async (subject, body) => {
      const { error } = await this.ask(subject, body);
      if (error === undefined) copies.made += 1;
    });
    return async () => {
      await stop();
      return copies.made;
    };
  }

  private copy(subjects: string, make: (subject: string, body: Uint8Array) => Promise<void>): () => Promise<void> {
    const own = 'Made-By';
    const subscription = this.connection.subscribe(subjects);
    const under_way = new Set<Promise<void>>();
    const follow = async (): Promise<void> => {
      for await (const { subject, data, headers: with_headers } of subscription) {
        if (with_headers?.has(own) === true) continue;
        const made = make(subject, data).finally(() => under_way.delete(made));
        under_way.add(made);
      }
    };
    const followed = follow();
    return async () => {
      subscription.unsubscribe();
      await followed;
      await Promise.all(under_way);
    };
  }

  private async ask(subject: string, body: Uint8Array): Promise<{ readonly error?: unknown }> {
    const with_mark = headers();
    with_mark.set('Made-By', 'a broker that repeats itself');
    const answer = await this.connection.request(subject, body, { headers: with_mark, timeout: 5_000 });
    return answer.json<{ readonly error?: unknown }>();
  }
}
