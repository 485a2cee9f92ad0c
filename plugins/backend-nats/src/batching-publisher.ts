/**
 * Purpose: the publisher of one stream: messages one by one, or together in atomic batches where that is what makes it fast.
 * A server that syncs every write syncs once per batch: the group commit of JetStream.
 * Invariant: a batch that is refused or lost is sent again message by message, so a batch is never more than a faster way.
 */
import { type NatsConnection, nuid } from '@nats-io/transport-node';
import type { AckedPublisher, Answer, Message, Outcome, Stored } from './acked-publisher.js';
import { type HeaderTable, MessageHeaders } from './message-headers.js';
import { nats_error } from './nats-error.js';

interface Waiting {
  readonly message: Message;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const batch_messages = 250;
const batch_bytes = 1024 * 1024;
const batches_in_flight = 4;

export class BatchingPublisher {
  private readonly waiting: Waiting[] = [];
  private in_flight = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly publisher: AckedPublisher,
    /** False: one by one. */
    private readonly takes_batches: boolean,
  ) {}

  publish(message: Message): Promise<Answer> {
    if (!this.takes_batches) return this.publisher.publish(message);
    return new Promise((resolve, reject) => {
      this.waiting.push({ message, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.send_waiting());
    });
  }

  /** Many as one promise: what became of each, in their order. */
  publish_each(messages: readonly Message[]): Promise<readonly Outcome[]> {
    if (!this.takes_batches) return this.publisher.publish_each(messages);
    return Promise.all(
      messages.map((message) => this.publish(message).catch((error: unknown) => nats_error('publish', error))),
    );
  }

  private send_waiting(): void {
    while (this.waiting.length > 0 && this.in_flight < batches_in_flight) {
      const group = this.take_group();
      this.in_flight++;
      void this.send_group(group).finally(() => {
        this.in_flight--;
        this.send_waiting();
      });
    }
  }

  private take_group(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { message } of this.waiting) {
      bytes += message.body.length;
      if (count > 0 && (count >= batch_messages || bytes > batch_bytes)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  /** Never rejects. */
  private async send_group(group: readonly Waiting[]): Promise<void> {
    try {
      const stored = group.length === 1 ? null : await this.send_batch(group.map(({ message }) => message));
      if (stored === null) await this.send_singly(group);
      else for (const [place, { resolve }] of group.entries()) resolve({ seq: stored.seq - group.length + 1 + place });
    } catch (error) {
      // Nobody knows whether it is stored. To wait as long again for each message would tell no more.
      for (const { reject } of group) reject(error);
    }
  }

  private async send_singly(group: readonly Waiting[]): Promise<void> {
    await Promise.all(
      group.map(({ message, resolve, reject }) => this.publisher.publish(message).then(resolve, reject)),
    );
  }

  /** null: it was refused, or lost with the connection. */
  private async send_batch(messages: readonly Message[]): Promise<Stored | null> {
    const batch_id = nuid.next();
    const parts = messages.map((message, place) => in_batch(message, batch_id, place + 1));
    const last = parts.pop();
    if (last === undefined) return null;
    for (const { subject, body, headers } of parts) {
      this.connection.publish(subject, body, { headers: new MessageHeaders(headers) });
    }
    const answer = await this.publisher.publish_once({
      ...last,
      headers: { ...last.headers, 'Nats-Batch-Commit': '1' },
    });
    return 'seq' in answer && answer.count === messages.length ? answer : null;
  }
}

function in_batch(message: Message, batch_id: string, place: number): Message & { readonly headers: HeaderTable } {
  return {
    ...message,
    headers: { ...message.headers, 'Nats-Batch-Id': batch_id, 'Nats-Batch-Sequence': String(place) },
  };
}
