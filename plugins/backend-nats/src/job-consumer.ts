/**
 * Purpose: one worker's share of a queue: deliveries up to its concurrency, for as long as it wants them.
 * Owns: the deliveries handed out and not answered; finding the consumer again when it or the server was gone.
 * Invariant: what is asked for and what is handed out are together never more than `concurrency`.
 */
import type { Consumer, Delivery, Job, Logger } from '@llmteam/contracts';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Bodies } from './bodies.js';
import type { ConnectionWatch } from './connection-watch.js';
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
  private readonly handed_out = new Set<StreamMessage>();
  private is_stopped = false;
  private when_empty: (() => void)[] = [];

  constructor(private readonly options: JobConsumerOptions) {
    this.requests = new PullRequests(options.connection, options.watch, {
      room: () => options.concurrency - this.handed_out.size,
      receive: (message) => void this.receive(message),
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

  private async receive(message: StreamMessage): Promise<void> {
    if (this.is_stopped || this.handed_out.size >= this.options.concurrency) {
      give_back(message, 0);
      return;
    }
    this.handed_out.add(message);
    try {
      const text = this.options.bodies.unpack(message.msg);
      this.hand_out(message, typeof text === 'string' ? text : await text);
    } catch (err) {
      this.options.log.error({ err, queue: this.options.queue }, 'a job could not be handed out; it comes again');
      if (this.done(message)) give_back(message, redelivery_ms);
    }
  }

  private hand_out(message: StreamMessage, text: string): void {
    const job = parse_job(text);
    if (job !== null) {
      this.options.handle(this.delivery(message, job));
      return;
    }
    const { queue, log } = this.options;
    log.error({ queue, subject: message.msg.subject }, 'what is queued there is no job; it is thrown away');
    if (this.done(message)) ack(message);
  }

  private delivery(message: StreamMessage, job: Job): Delivery {
    return {
      job,
      deliveries: message.deliveries,
      ack: async () => {
        if (this.done(message)) ack(message);
      },
      nak: async (delay_ms = 0) => {
        if (this.done(message)) give_back(message, delay_ms);
      },
      extend: async () => {
        if (this.handed_out.has(message)) still_working(message);
      },
    };
  }

  /** False if the delivery was answered before. */
  private done(message: StreamMessage): boolean {
    if (!this.handed_out.delete(message)) return false;
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

/** null: not a job, whoever published it. A job that is one is published again by its coordinator. */
function parse_job(text: string): Job | null {
  try {
    const job = JSON.parse(text) as Partial<Job> | null;
    return typeof job?.job_id === 'string' && typeof job.run_id === 'string' ? (job as Job) : null;
  } catch {
    return null;
  }
}
