import type { Json, Logger, Signals } from '@llmteam/contracts';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Names } from './names.js';

/** Fan-out over core NATS: whoever listens when a message comes by gets it. */
export class NatsSignals implements Signals {
  private readonly subscriptions = new Set<Subscription>();
  private is_closed = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly names: Names,
    private readonly log: Logger,
  ) {}

  publish(subject: string, message: Json): void {
    if (this.is_closed || this.connection.isClosed()) return;
    try {
      this.connection.publish(this.names.signal_subject(subject), JSON.stringify(message));
    } catch (err) {
      // Larger than a message may be. Nothing may depend on a signal.
      this.log.warn({ err, subject }, 'a signal could not be sent');
    }
  }

  subscribe(subject: string, receive: (message: Json) => void): () => void {
    if (this.is_closed) return () => undefined;
    const subscription = this.connection.subscribe(this.names.signal_subject(subject), {
      callback: (error, msg) => {
        if (error !== null) this.log.warn({ err: error, subject }, 'a subscription to signals failed');
        else this.hand_over(subject, receive, () => msg.json());
      },
    });
    this.subscriptions.add(subscription);
    return () => {
      this.subscriptions.delete(subscription);
      subscription.unsubscribe();
    };
  }

  async close(): Promise<void> {
    this.is_closed = true;
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.subscriptions.clear();
  }

  private hand_over(subject: string, receive: (message: Json) => void, read: () => Json): void {
    try {
      receive(read());
    } catch (err) {
      this.log.warn({ err, subject }, 'a receiver of signals threw');
    }
  }
}
