/** Changes the streams of an installation behind its back, as an operator or a faulty broker would. */
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import { type Cluster, namespace } from './cluster.js';

const jobsStream = `${namespace.toUpperCase()}_JOBS`;

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

  async deleteConsumers(): Promise<number> {
    const names: string[] = [];
    for await (const { name } of this.manager.consumers.list(jobsStream)) names.push(name);
    for (const name of names) await this.manager.consumers.delete(jobsStream, name);
    return names.length;
  }

  /** Returns the number of purged jobs. */
  async purgeJobs(): Promise<number> {
    return (await this.manager.streams.purge(jobsStream)).purged;
  }

  async deleteJobsStream(): Promise<void> {
    await this.manager.streams.delete(jobsStream);
  }

  /** Publishes every job a second time as soon as the first is acked, until stopped; returns how many. */
  duplicateJobs(): () => Promise<number> {
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

  /** Appends every fact a second time without its message id, as if the server had forgotten it; returns how many. */
  duplicateFacts(): () => Promise<number> {
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
    const underWay = new Set<Promise<void>>();
    const follow = async (): Promise<void> => {
      for await (const { subject, data, headers: withHeaders } of subscription) {
        if (withHeaders?.has(own) === true) continue;
        const made = make(subject, data).finally(() => underWay.delete(made));
        underWay.add(made);
      }
    };
    const followed = follow();
    return async () => {
      subscription.unsubscribe();
      await followed;
      await Promise.all(underWay);
    };
  }

  private async ask(subject: string, body: Uint8Array): Promise<{ readonly error?: unknown }> {
    const withMark = headers();
    withMark.set('Made-By', 'a broker that repeats itself');
    const answer = await this.connection.request(subject, body, { headers: withMark, timeout: 5_000 });
    return answer.json<{ readonly error?: unknown }>();
  }
}
