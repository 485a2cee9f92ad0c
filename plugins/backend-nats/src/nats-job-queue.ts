/**
 * Purpose: jobs on a work-queue stream: a job's id is its subject, and the stream keeps one message per subject.
 * Owns: one durable consumer per queue, shared by all workers. Does not own: what happens to a job (JobConsumer).
 * Invariant: a job that is queued or handed out is not queued again, because its subject is taken.
 */
import { type Consumer, type Delivery, type Job, type JobQueue, LlmteamError, type Logger } from '@llmteam/contracts';
import { AckPolicy, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Answer, Message, Outcome } from './acked-publisher.js';
import type { BatchingPublisher } from './batching-publisher.js';
import type { Bodies, Body } from './bodies.js';
import { closed_error } from './closed.js';
import type { ConnectionWatch } from './connection-watch.js';
import { JobConsumer } from './job-consumer.js';
import { job_text } from './job-text.js';
import type { Names } from './names.js';
import { api_error_code, api_errors, nats_error, refusal } from './nats-error.js';

export interface NatsJobQueueOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly bodies: Bodies;
  readonly publisher: BatchingPublisher;
  readonly log: Logger;
  readonly lease_ms: number;
  readonly durable: boolean;
  /** Makes the stream if it is gone, as one in memory is after a restart of the server. */
  readonly make_stream: () => Promise<void>;
}

/** Handed out in all, over all workers of a queue. */
const most_handed_out = 50_000;
/** Requests that wait for jobs, over all workers of a queue: a few of each. */
const most_requests = 4_096;

export class NatsJobQueue implements JobQueue {
  readonly supports: { readonly durable: boolean };
  readonly lease_ms: number;
  private readonly consumers = new Set<JobConsumer>();
  private is_closed = false;

  constructor(private readonly options: NatsJobQueueOptions) {
    this.supports = { durable: options.durable };
    this.lease_ms = options.lease_ms;
  }

  async publish(jobs: readonly Job[]): Promise<void> {
    this.check_open();
    const outcomes = await this.publish_each(await this.messages_of(jobs));
    for (const [place, outcome] of outcomes.entries()) {
      if (outcome instanceof LlmteamError) throw outcome;
      if (outcome.error === undefined || is_queued_already(outcome)) continue;
      throw refusal(`publishing job ${jobs[place]?.job_id}`, outcome.error);
    }
  }

  async consume(
    queue: string,
    { concurrency }: { readonly concurrency: number },
    handle: (delivery: Delivery) => void,
  ): Promise<Consumer> {
    this.check_open();
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError(`concurrency is ${concurrency}, expected an integer from 1`);
    }
    const { connection, watch, bodies, log, names } = this.options;
    const make_consumer = (): Promise<string> => this.make_consumer(queue);
    const name = await make_consumer();
    this.check_open();
    const over = (): boolean => this.consumers.delete(consumer);
    const stream = names.jobs_stream;
    const options = { connection, watch, bodies, log, queue, stream, concurrency, make_consumer, handle, over };
    const consumer = new JobConsumer(options);
    this.consumers.add(consumer);
    consumer.begin(name);
    return consumer;
  }

  async withdraw(job_ids: readonly string[]): Promise<void> {
    this.check_open();
    const { manager, names } = this.options;
    try {
      await Promise.all(
        job_ids.map((job_id) => manager.streams.purge(names.jobs_stream, { filter: names.job_subjects(job_id) })),
      );
    } catch (error) {
      throw nats_error('withdrawing jobs', error);
    }
  }

  async close(): Promise<void> {
    this.is_closed = true;
    await Promise.all([...this.consumers].map((consumer) => consumer.stop(AbortSignal.abort())));
  }

  private async messages_of(jobs: readonly Job[]): Promise<Message[]> {
    const packed = jobs.map((job) => this.options.bodies.pack(job_text(job)));
    const has_large = packed.some((body) => body instanceof Promise);
    const bodies = has_large ? await Promise.all(packed) : (packed as readonly Body[]);
    const { names } = this.options;
    return jobs.map((job, place) => ({ subject: names.job_subject(job), ...(bodies[place] as Body) }));
  }

  private async publish_each(messages: readonly Message[]): Promise<readonly Outcome[]> {
    const { publisher, make_stream } = this.options;
    const outcomes = await publisher.publish_each(messages);
    const homeless = messages.filter((_, place) => is_without_stream(outcomes[place]));
    if (homeless.length === 0) return outcomes;
    await make_stream();
    const again = (await publisher.publish_each(homeless)).values();
    return outcomes.map((outcome) => (is_without_stream(outcome) ? (again.next().value ?? outcome) : outcome));
  }

  private async make_consumer(queue: string): Promise<string> {
    const { watch, make_stream } = this.options;
    try {
      return await watch.ask(() => this.add_consumer(queue));
    } catch (error) {
      if (api_error_code(error) !== api_errors.stream_not_found) throw nats_error(`opening queue ${queue}`, error);
    }
    await make_stream();
    try {
      return await watch.ask(() => this.add_consumer(queue));
    } catch (error) {
      throw nats_error(`opening queue ${queue}`, error);
    }
  }

  /** Makes it, or brings it to what is configured now. */
  private async add_consumer(queue: string): Promise<string> {
    const { manager, names, lease_ms } = this.options;
    const name = names.queue_consumer(queue);
    const ack_wait = lease_ms * 1_000_000;
    try {
      await manager.consumers.add(names.jobs_stream, {
        durable_name: name,
        filter_subject: names.queue_subjects(queue),
        ack_policy: AckPolicy.Explicit,
        ack_wait,
        max_deliver: -1,
        max_ack_pending: most_handed_out,
        max_waiting: most_requests,
      });
    } catch (error) {
      if (api_error_code(error) !== api_errors.consumer_exists) throw error;
      await manager.consumers.update(names.jobs_stream, name, { ack_wait });
    }
    return name;
  }

  private check_open(): void {
    if (this.is_closed) throw closed_error('job queue');
  }
}

function is_without_stream(outcome: Outcome | undefined): boolean {
  return outcome instanceof LlmteamError && outcome.details?.no_responders === true;
}

function is_queued_already({ error }: Answer): boolean {
  return error?.err_code === api_errors.store_failed && /per subject/.test(error.description);
}
