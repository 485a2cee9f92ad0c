/**
 * Purpose: one worker's share of a queue: deliveries up to its concurrency, for as long as it wants them.
 * Owns: the deliveries handed out and not answered; finding the consumer again when it or the server was gone.
 * Invariant: what is asked for and what is handed out are together never more than `concurrency`.
 */
import type { Consumer, Delivery, Job, Logger } from '@llmteam/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bodies } from './bodies.js';
import type { ConnectionWatch } from './connection-watch.js';
import { parse_job } from './job-text.js';
import { PullRequests } from './pull-requests.js';
import { ack, give_back, type StreamMessage, still_working } from './stream-message.js';

export interface JobConsumerOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly bodies: Bodies;
  readonly log: Logger;
  readonly queue: string;
  readonly stream: string;
  readonly concurrency: number;
  /** Makes the queue's consumer if it is not there; answers its name. */
  readonly make_consumer: () => Promise<string>;
  readonly handle: (delivery: Delivery) => void;
  /** It has taken its last job and every delivery is answered. */
  readonly over: () => void;
}

const redelivery_ms = 1_000;
const first_pause_ms = 50;
const longest_pause_ms = 2_000;

export class JobConsumer implements Consumer {
  private readonly requests: PullRequests;
  /** Reply subjects of the deliveries that are not answered. */
  private readonly handed_out = new Set<string>();
  private is_stopped = false;
  private when_empty: (() => void)[] = [];

  constructor(private readonly options: JobConsumerOptions) {
    this.requests = new PullRequests(options.connection, options.watch, {
      room: () => options.concurrency - this.handed_out.size,
      receive: (message) => this.receive(message),
      lost: (reason) => void this.find_again(reason),
    });
  }

  begin(consumer: string): void {
    this.requests.begin(this.options.stream, consumer);
  }

  async stop(signal?: AbortSignal): Promise<void> {
    this.is_stopped = true;
    this.requests.stop();
    if (this.handed_out.size > 0 && signal?.aborted !== true) await this.all_answered(signal);
    this.options.over();
  }

  private async all_answered(signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      this.when_empty.push(resolve);
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private receive(message: StreamMessage): void {
    const { reply } = message;
    // A consumer that was made anew may hand out what is at work here, to be answered in the same place.
    if (this.handed_out.has(reply)) return;
    if (this.is_stopped || this.handed_out.size >= this.options.concurrency) {
      this.answer(reply, give_back(0));
      return;
    }
    this.handed_out.add(reply);
    try {
      const text = this.options.bodies.unpack(message);
      if (typeof text === 'string') this.hand_out(message, text);
      else this.hand_out_later(message, text);
    } catch (error) {
      this.hand_back(reply, error);
    }
  }

  private hand_out_later(message: StreamMessage, text: Promise<string>): void {
    text
      .then((loaded) => this.hand_out(message, loaded))
      .catch((error: unknown) => this.hand_back(message.reply, error));
  }

  /** The message itself is let go: it holds far more memory than the job. */
  private hand_out({ reply, deliveries, msg }: StreamMessage, text: string): void {
    const job = parse_job(text);
    if (job !== null) {
      this.options.handle(new HandedOut(this, reply, deliveries, job));
      return;
    }
    // One that was a job is published again by its coordinator.
    const { queue, log } = this.options;
    log.error({ queue, subject: msg.subject }, 'what is queued there is no job; it is thrown away');
    this.ack(reply);
  }

  private hand_back(reply: string, err: unknown): void {
    const { log, queue, connection } = this.options;
    log.error({ err, queue }, 'a job could not be handed out; it comes again');
    if (!connection.isClosed()) this.nak(reply, redelivery_ms);
  }

  ack(reply: string): void {
    if (this.is_answered_first(reply)) this.answer(reply, ack);
  }

  nak(reply: string, delay_ms: number): void {
    if (this.is_answered_first(reply)) this.answer(reply, give_back(delay_ms));
  }

  extend(reply: string): void {
    if (this.handed_out.has(reply)) this.answer(reply, still_working);
  }

  private answer(reply: string, text: Uint8Array): void {
    this.options.connection.publish(reply, text);
  }

  /** False if the delivery was answered before. */
  private is_answered_first(reply: string): boolean {
    if (!this.handed_out.delete(reply)) return false;
    if (!this.is_stopped) this.requests.ask_soon();
    else if (this.handed_out.size === 0) for (const tell of this.when_empty.splice(0)) tell();
    return true;
  }

  /** Workers must outlive servers and consumers: this ends only with success or with `stop`. */
  private async find_again(reason: string): Promise<void> {
    const { queue, log, connection, watch } = this.options;
    log.warn({ queue, reason }, 'the queue does not answer; looking for it again');
    for (let pause = first_pause_ms; this.goes_on(connection); pause = Math.min(2 * pause, longest_pause_ms)) {
      try {
        const consumer = await this.options.make_consumer();
        if (this.goes_on(connection)) this.begin(consumer);
        return;
      } catch (err) {
        log.debug({ err, queue }, 'the queue is not there yet');
      }
      await watch.pause(pause);
    }
  }

  private goes_on(connection: NatsConnection): boolean {
    return !this.is_stopped && !connection.isClosed();
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

  async nak(delay_ms = 0): Promise<void> {
    this.consumer.nak(this.reply, delay_ms);
  }

  async extend(): Promise<void> {
    this.consumer.extend(this.reply);
  }
}
