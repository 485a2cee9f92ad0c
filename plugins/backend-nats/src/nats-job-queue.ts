/**
 * Purpose: the job queue on a work-queue stream. A job's id is its subject, and the stream keeps one message per subject.
 * Owns: one durable consumer per queue, shared by all workers. Does not own: deliveries (JobConsumer).
 * Invariant: a job that is queued or delivered is not queued again, because its subject is taken.
 */
import {
  type Consumer,
  closedError,
  type Delivery,
  type Job,
  type JobQueue,
  LlmteamError,
  type Logger,
  type QueueDepth,
} from '@llmteam/contracts';
import { AckPolicy, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Answer, Message, Outcome } from './acked-publisher.js';
import type { BatchingPublisher } from './batching-publisher.js';
import type { Bodies, Body } from './bodies.js';
import type { ConnectionWatch } from './connection-watch.js';
import { JobConsumer } from './job-consumer.js';
import { jobText } from './job-text.js';
import { traceHeaders } from './job-trace.js';
import type { Names } from './names.js';
import { apiErrorCode, apiErrors, natsError, refusal } from './nats-error.js';
import { queueDepth } from './queue-depth.js';

export interface NatsJobQueueOptions {
  readonly connection: NatsConnection;
  readonly watch: ConnectionWatch;
  readonly manager: JetStreamManager;
  readonly names: Names;
  readonly bodies: Bodies;
  readonly publisher: BatchingPublisher;
  readonly log: Logger;
  readonly leaseMs: number;
  readonly durable: boolean;
  /** Creates the stream if it is gone, as an in-memory one is after a server restart. */
  readonly makeStream: () => Promise<void>;
}

/** Maximum number of unacked jobs over all workers of a queue. */
const maxAckPending = 50_000;
/** Maximum number of waiting pull requests over all workers of a queue; each worker has a few. */
const maxWaiting = 4_096;

export class NatsJobQueue implements JobQueue {
  readonly supports: { readonly durable: boolean };
  readonly leaseMs: number;
  private readonly consumers = new Set<JobConsumer>();
  private isClosed = false;

  constructor(private readonly options: NatsJobQueueOptions) {
    this.supports = { durable: options.durable };
    this.leaseMs = options.leaseMs;
  }

  async publish(jobs: readonly Job[]): Promise<void> {
    this.checkOpen();
    const outcomes = await this.publishEach(await this.messagesOf(jobs));
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome instanceof LlmteamError) throw outcome;
      if (outcome.error === undefined || isQueuedAlready(outcome)) continue;
      throw refusal(`publishing job ${jobs[index]?.job_id}`, outcome.error);
    }
  }

  async consume(
    queue: string,
    { concurrency }: { readonly concurrency: number },
    handle: (delivery: Delivery) => void,
  ): Promise<Consumer> {
    this.checkOpen();
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError(`concurrency is ${concurrency}, expected an integer from 1`);
    }
    const { connection, watch, bodies, log, names } = this.options;
    const makeConsumer = (): Promise<string> => this.makeConsumer(queue);
    const name = await makeConsumer();
    this.checkOpen();
    const over = (): boolean => this.consumers.delete(consumer);
    const stream = names.jobsStream;
    const options = { connection, watch, bodies, log, queue, stream, concurrency, makeConsumer, handle, over };
    const consumer = new JobConsumer(options);
    this.consumers.add(consumer);
    consumer.begin(name);
    return consumer;
  }

  async withdraw(jobIds: readonly string[]): Promise<void> {
    this.checkOpen();
    const { manager, names } = this.options;
    try {
      await Promise.all(
        jobIds.map((jobId) => manager.streams.purge(names.jobsStream, { filter: names.jobSubjects(jobId) })),
      );
    } catch (error) {
      throw natsError('withdrawing jobs', error);
    }
  }

  async depth(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    this.checkOpen();
    const { connection, manager, names, watch } = this.options;
    const depthOf = async (queue: string): Promise<[string, QueueDepth]> => [
      queue,
      await watch.ask(() => queueDepth({ connection, manager, names, queue })),
    ];
    try {
      return new Map(await Promise.all(queues.map(depthOf)));
    } catch (error) {
      throw natsError('counting the jobs of queues', error);
    }
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.all([...this.consumers].map((consumer) => consumer.stop(AbortSignal.abort())));
  }

  private async messagesOf(jobs: readonly Job[]): Promise<Message[]> {
    const packed = jobs.map((job) => this.options.bodies.pack(jobText(job)));
    const hasLarge = packed.some((body) => body instanceof Promise);
    const bodies = hasLarge ? await Promise.all(packed) : (packed as readonly Body[]);
    const { names } = this.options;
    return jobs.map((job, index) => {
      const { body, headers } = bodies[index] as Body;
      const trace = traceHeaders(job);
      const all = trace === undefined ? headers : { ...headers, ...trace };
      return { subject: names.jobSubject(job), body, ...(all !== undefined && { headers: all }) };
    });
  }

  private async publishEach(messages: readonly Message[]): Promise<readonly Outcome[]> {
    const { publisher, makeStream } = this.options;
    const outcomes = await publisher.publishEach(messages);
    const unstored = messages.filter((_, index) => isWithoutStream(outcomes[index]));
    if (unstored.length === 0) return outcomes;
    await makeStream();
    const retried = (await publisher.publishEach(unstored)).values();
    return outcomes.map((outcome) => (isWithoutStream(outcome) ? (retried.next().value ?? outcome) : outcome));
  }

  private async makeConsumer(queue: string): Promise<string> {
    const { watch, makeStream } = this.options;
    try {
      return await watch.ask(() => this.addConsumer(queue));
    } catch (error) {
      if (apiErrorCode(error) !== apiErrors.streamNotFound) throw natsError(`opening queue ${queue}`, error);
    }
    await makeStream();
    try {
      return await watch.ask(() => this.addConsumer(queue));
    } catch (error) {
      throw natsError(`opening queue ${queue}`, error);
    }
  }

  /** Creates the consumer, or updates it to the current configuration. */
  private async addConsumer(queue: string): Promise<string> {
    const { manager, names, leaseMs } = this.options;
    const name = names.queueConsumer(queue);
    const ackWait = leaseMs * 1_000_000;
    try {
      await manager.consumers.add(names.jobsStream, {
        durable_name: name,
        filter_subject: names.queueSubjects(queue),
        ack_policy: AckPolicy.Explicit,
        ack_wait: ackWait,
        max_deliver: -1,
        max_ack_pending: maxAckPending,
        max_waiting: maxWaiting,
      });
    } catch (error) {
      if (apiErrorCode(error) !== apiErrors.consumerExists) throw error;
      await manager.consumers.update(names.jobsStream, name, { ack_wait: ackWait });
    }
    return name;
  }

  private checkOpen(): void {
    if (this.isClosed) throw closedError('job queue');
  }
}

function isWithoutStream(outcome: Outcome | undefined): boolean {
  return outcome instanceof LlmteamError && outcome.details?.no_responders === true;
}

function isQueuedAlready({ error }: Answer): boolean {
  return error?.err_code === apiErrors.storeFailed && /per subject/.test(error.description);
}
