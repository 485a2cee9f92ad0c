/**
 * Purpose: publishes to one stream, message by message or in atomic batches. A server that syncs every write syncs once per
 * batch, which amounts to group commit.
 * Invariant: a batch that is refused or lost is resent message by message, so batching is only an optimization.
 */
import { type NatsConnection, nuid } from '@nats-io/transport-node';
import type { AckedPublisher, Answer, Message, Outcome, Stored } from './acked-publisher.js';
import { type HeaderTable, MessageHeaders } from './message-headers.js';
import { natsError } from './nats-error.js';

interface Waiting {
  readonly message: Message;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

const batchMessages = 250;
const batchBytes = 1024 * 1024;
const batchesInFlight = 4;

export class BatchingPublisher {
  private readonly waiting: Waiting[] = [];
  private inFlight = 0;

  constructor(
    private readonly connection: NatsConnection,
    private readonly publisher: AckedPublisher,
    /** If false, messages are published one by one. */
    private readonly usesBatches: boolean,
  ) {}

  publish(message: Message): Promise<Answer> {
    if (!this.usesBatches) return this.publisher.publish(message);
    return new Promise((resolve, reject) => {
      this.waiting.push({ message, resolve, reject });
      if (this.waiting.length === 1) setImmediate(() => this.sendWaiting());
    });
  }

  /** Publishes many messages; resolves with the outcome of each, in order. */
  publishEach(messages: readonly Message[]): Promise<readonly Outcome[]> {
    if (!this.usesBatches) return this.publisher.publishEach(messages);
    return Promise.all(
      messages.map((message) => this.publish(message).catch((error: unknown) => natsError('publish', error))),
    );
  }

  private sendWaiting(): void {
    while (this.waiting.length > 0 && this.inFlight < batchesInFlight) {
      const group = this.takeGroup();
      this.inFlight++;
      void this.sendGroup(group).finally(() => {
        this.inFlight--;
        this.sendWaiting();
      });
    }
  }

  private takeGroup(): Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const { message } of this.waiting) {
      bytes += message.body.length;
      if (count > 0 && (count >= batchMessages || bytes > batchBytes)) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }

  /** Never rejects. */
  private async sendGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const stored = group.length === 1 ? null : await this.sendBatch(group.map(({ message }) => message));
      if (stored === null) await this.sendSingly(group);
      else for (const [index, { resolve }] of group.entries()) resolve({ seq: stored.seq - group.length + 1 + index });
    } catch (error) {
      // Whether it was stored is unknown, and resending each message after a timeout would not tell either.
      for (const { reject } of group) reject(error);
    }
  }

  private async sendSingly(group: readonly Waiting[]): Promise<void> {
    await Promise.all(
      group.map(({ message, resolve, reject }) => this.publisher.publish(message).then(resolve, reject)),
    );
  }

  /** Null if it was refused, or lost with the connection. */
  private async sendBatch(messages: readonly Message[]): Promise<Stored | null> {
    const batchId = nuid.next();
    const parts = messages.map((message, index) => inBatch(message, batchId, index + 1));
    const last = parts.pop();
    if (last === undefined) return null;
    for (const { subject, body, headers } of parts) {
      this.connection.publish(subject, body, { headers: new MessageHeaders(headers) });
    }
    const answer = await this.publisher.publishOnce({
      ...last,
      headers: { ...last.headers, 'Nats-Batch-Commit': '1' },
    });
    return 'seq' in answer && answer.count === messages.length ? answer : null;
  }
}

function inBatch(message: Message, batchId: string, index: number): Message & { readonly headers: HeaderTable } {
  return {
    ...message,
    headers: { ...message.headers, 'Nats-Batch-Id': batchId, 'Nats-Batch-Sequence': String(index) },
  };
}
