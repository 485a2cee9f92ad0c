/**
 * Purpose: one worker's share of a queue: deliveries up to its concurrency, for as long as it wants them.
 * Owns: the deliveries handed out and not answered; finding the consumer again when it or the server was gone.
 * Invariant: what is asked for and what is handed out are together never more than `concurrency`.
 */
import type { Consumer, Delivery, Job, Logger } from '@llmteam/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bodies } from './bodies.js';
import type { ConnectionWatch } from './connection-watch.js';
import { parseJob } from './job-text.js';
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
  /** Makes the queue's consumer if it is not there; answers its name. */
  readonly makeConsumer: () => Promise<string>;
  readonly handle: (delivery: Delivery) => void;
  /** It has taken its last job and every delivery is answered. */
  readonly over: () => void;
}

const redeliveryMs = 1_000;
const firstPauseMs = 50;
const longestPauseMs = 2_000;

export class JobConsumer implements Consumer {
  private readonly requests: PullRequests;
  /** Reply subjects of the deliveries that are not answered. */
  private readonly handedOut = new Set<string>();
  private isStopped = false;
  private whenEmpty: (() => void)[] = [];

  constructor(private readonly options: JobConsumerOptions) {
    this.requests = new PullRequests(options.connection, options.watch, {
      room: () => options.concurrency - this.handedOut.size,
      receive: (message) => this.receive(message),
      lost: (reason) => void this.findAgain(reason),
    });
  }

  begin(consumer: string): void {
    this.requests.begin(this.options.stream, consumer);
  }

  async stop(signal?: AbortSignal): Promise<void> {
    this.isStopped = true;
    this.requests.stop();
    if (this.handedOut.size > 0 && signal?.aborted !== true) await this.allAnswered(signal);
    this.options.over();
  }

  private async allAnswered(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.whenEmpty.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private receive(message: StreamMessage): void {
    const { reply } = message;
    // A consumer that was made anew may hand out what is at work here, to be answered in the same place.
    if (this.handedOut.has(reply)) return;
    if (this.isStopped || this.handedOut.size >= this.options.concurrency) {
      this.answer(reply, release(0));
      return;
    }
    this.handedOut.add(reply);
    try {
      const text = this.options.bodies.unpack(message);
      if (typeof text === 'string') this.handOut(message, text);
      else this.handOutLater(message, text);
    } catch (error) {
      this.releaseAll(reply, error);
    }
  }

  private handOutLater(message: StreamMessage, text: Promise<string>): void {
    text
      .then((loaded) => this.handOut(message, loaded))
      .catch((error: unknown) => this.releaseAll(message.reply, error));
  }

  /** The message itself is let go: it holds far more memory than the job. */
  private handOut({ reply, deliveries, msg }: StreamMessage, text: string): void {
    const job = parseJob(text);
    if (job !== null) {
      this.options.handle(new HandedOut(this, reply, deliveries, job));
      return;
    }
    // One that was a job is published again by its coordinator.
    const { queue, log } = this.options;
    log.error({ queue, subject: msg.subject }, 'what is queued there is no job; it is thrown away');
    this.ack(reply);
  }

  private releaseAll(reply: string, err: unknown): void {
    const { log, queue, connection } = this.options;
    log.error({ err, queue }, 'a job could not be handed out; it comes again');
    if (!connection.isClosed()) this.nak(reply, redeliveryMs);
  }

  ack(reply: string): void {
    if (this.isAnsweredFirst(reply)) this.answer(reply, ack);
  }

  nak(reply: string, delayMs: number): void {
    if (this.isAnsweredFirst(reply)) this.answer(reply, release(delayMs));
  }

  extend(reply: string): void {
    if (this.handedOut.has(reply)) this.answer(reply, stillWorking);
  }

  private answer(reply: string, text: Uint8Array): void {
    this.options.connection.publish(reply, text);
  }

  /** False if the delivery was answered before. */
  private isAnsweredFirst(reply: string): boolean {
    if (!this.handedOut.delete(reply)) return false;
    if (!this.isStopped) this.requests.askSoon();
    else if (this.handedOut.size === 0) for (const tell of this.whenEmpty.splice(0)) tell();
    return true;
  }

  /** Workers must outlive servers and consumers: this ends only with success or with `stop`. */
  private async findAgain(reason: string): Promise<void> {
    const { queue, log, connection, watch } = this.options;
    log.warn({ queue, reason }, 'the queue does not answer; looking for it again');
    for (let pause = firstPauseMs; this.goesOn(connection); pause = Math.min(2 * pause, longestPauseMs)) {
      try {
        const consumer = await this.options.makeConsumer();
        if (this.goesOn(connection)) this.begin(consumer);
        return;
      } catch (err) {
        log.debug({ err, queue }, 'the queue is not there yet');
      }
      await watch.pause(pause);
    }
  }

  private goesOn(connection: NatsConnection): boolean {
    return !this.isStopped && !connection.isClosed();
  }
}

class HandedOut implements Delivery {
  constructor(
    private readonly consumer: JobConsumer,
    private readonly reply: string,
    readonly deliveries: number,
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
