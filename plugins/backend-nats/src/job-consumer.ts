/**
 * Purpose: one worker's consumption of a queue, up to its concurrency.
 * Owns: unsettled deliveries; finding the JetStream consumer again after it or the server was gone.
 * Invariant: requested and unsettled deliveries together never exceed `concurrency`.
 */
import type { Consumer, Delivery, Job, Logger } from '@llmteam/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bodies } from './bodies.js';
import type { ConnectionWatch } from './connection-watch.js';
import { parseJob } from './job-text.js';
import { withTrace } from './job-trace.js';
import { PullRequests } from './pull-requests.js';
import { ack, release, type StreamMessage, stillWorking } from './stream-message.js';

export interface JobConsumerOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly bodies: Bodies;
  readonly log: Logger;
  readonly queue: string;
  readonly stream: string;
  readonly concurrency: number;
  /** Creates the queue's JetStream consumer if it is missing; returns its name. */
  readonly makeConsumer: () => Promise<string>;
  readonly handle: (delivery: Delivery) => void;
  /** Called once it takes no more jobs and every delivery is settled. */
  readonly over: () => void;
}

const redeliveryMs = 1_000;
const firstPauseMs = 50;
const longestPauseMs = 2_000;

export class JobConsumer implements Consumer {
  private readonly requests: PullRequests;
  /** Reply subjects of unsettled deliveries. */
  private readonly unsettled = new Set<string>();
  private isStopped = false;
  private whenEmpty: (() => void)[] = [];

  constructor(private readonly options: JobConsumerOptions) {
    this.requests = new PullRequests(options.connection, options.watch, {
      room: () => options.concurrency - this.unsettled.size,
      receive: (message) => this.receive(message),
      lost: (reason) => void this.reopen(reason),
    });
  }

  begin(consumer: string): void {
    this.requests.begin(this.options.stream, consumer);
  }

  async stop(signal?: AbortSignal): Promise<void> {
    this.isStopped = true;
    this.requests.stop();
    if (this.unsettled.size > 0 && signal?.aborted !== true) await this.allSettled(signal);
    this.options.over();
  }

  private async allSettled(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.whenEmpty.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private receive(message: StreamMessage): void {
    const { reply } = message;
    // A recreated consumer may redeliver a job that is still running here, with the same reply subject.
    if (this.unsettled.has(reply)) return;
    if (this.isStopped || this.unsettled.size >= this.options.concurrency) {
      this.answer(reply, release(0));
      return;
    }
    this.unsettled.add(reply);
    try {
      const text = this.options.bodies.unpack(message);
      if (typeof text === 'string') this.deliver(message, text);
      else this.deliverLater(message, text);
    } catch (error) {
      this.nakAfterError(reply, error);
    }
  }

  private deliverLater(message: StreamMessage, text: Promise<string>): void {
    text
      .then((loaded) => this.deliver(message, loaded))
      .catch((error: unknown) => this.nakAfterError(message.reply, error));
  }

  /** Does not retain the message, which holds far more memory than the job. */
  private deliver({ reply, deliveries, storedAt, msg, headers }: StreamMessage, text: string): void {
    const job = parseJob(text);
    if (job !== null) {
      this.options.handle(new NatsDelivery(this, reply, deliveries, Math.floor(storedAt), withTrace(job, headers)));
      return;
    }
    // If it was meant to be a job, its coordinator publishes it again.
    const { queue, log } = this.options;
    log.error({ queue, subject: msg.subject }, 'discarded a queued message that is not a job');
    this.ack(reply);
  }

  private nakAfterError(reply: string, err: unknown): void {
    const { log, queue, connection } = this.options;
    log.error({ err, queue }, 'a job could not be delivered; it will be redelivered');
    if (!connection.isClosed()) this.nak(reply, redeliveryMs);
  }

  ack(reply: string): void {
    if (this.settle(reply)) this.answer(reply, ack);
  }

  nak(reply: string, delayMs: number): void {
    if (this.settle(reply)) this.answer(reply, release(delayMs));
  }

  extend(reply: string): void {
    if (this.unsettled.has(reply)) this.answer(reply, stillWorking);
  }

  private answer(reply: string, text: Uint8Array): void {
    this.options.connection.publish(reply, text);
  }

  /** Marks a delivery as settled; false if it was settled before. */
  private settle(reply: string): boolean {
    if (!this.unsettled.delete(reply)) return false;
    if (!this.isStopped) this.requests.requestSoon();
    else if (this.unsettled.size === 0) for (const notify of this.whenEmpty.splice(0)) notify();
    return true;
  }

  /** Workers must survive server and consumer failures: this retries until it succeeds or `stop` is called. */
  private async reopen(reason: string): Promise<void> {
    const { queue, log, connection, watch } = this.options;
    log.warn({ queue, reason }, 'the queue does not answer; reopening it');
    for (let pause = firstPauseMs; this.isActive(connection); pause = Math.min(2 * pause, longestPauseMs)) {
      try {
        const consumer = await this.options.makeConsumer();
        if (this.isActive(connection)) this.begin(consumer);
        return;
      } catch (err) {
        log.debug({ err, queue }, 'the queue is not available yet');
      }
      await watch.pause(pause);
    }
  }

  private isActive(connection: NatsConnection): boolean {
    return !this.isStopped && !connection.isClosed();
  }
}

class NatsDelivery implements Delivery {
  constructor(
    private readonly consumer: JobConsumer,
    private readonly reply: string,
    readonly deliveries: number,
    readonly publishedAt: number,
    readonly job: Job,
  ) {}

  async ack(): Promise<void> {
    this.consumer.ack(this.reply);
  }

  async nak(delayMs = 0): Promise<void> {
    this.consumer.nak(this.reply, delayMs);
  }

  async extend(): Promise<void> {
    this.consumer.extend(this.reply);
  }
}
