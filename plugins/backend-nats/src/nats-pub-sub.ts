import type { Json, Logger, PubSub } from '@llmteam/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Names } from './names.js';

/** Fan-out over core NATS: at-most-once delivery to current subscribers. */
export class NatsPubSub implements PubSub {
  private readonly subscriptions = new Set<Subscription>();
  private isClosed = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly names: Names,
    private readonly log: Logger,
  ) {}

  publish(subject: string, message: Json): void {
    if (this.isClosed || this.connection.isClosed()) return;
    try {
      this.connection.publish(this.names.signalSubject(subject), JSON.stringify(message));
    } catch (err) {
      // E.g. larger than `max_payload`. Delivery is best effort.
      this.log.warn({ err, subject }, 'a pub/sub message could not be published');
    }
  }

  subscribe(subject: string, receive: (message: Json) => void): () => void {
    if (this.isClosed) return () => undefined;
    const subscription = this.connection.subscribe(this.names.signalSubject(subject), {
      callback: (error, msg) => {
        if (error !== null) this.log.warn({ err: error, subject }, 'a pub/sub subscription failed');
        else this.deliver(subject, receive, () => msg.json());
      },
    });
    this.subscriptions.add(subscription);
    return () => {
      this.subscriptions.delete(subscription);
      subscription.unsubscribe();
    };
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.subscriptions.clear();
  }

  private deliver(subject: string, receive: (message: Json) => void, read: () => Json): void {
    try {
      receive(read());
    } catch (err) {
      this.log.warn({ err, subject }, 'a subscriber threw an error');
    }
  }
}
