import type { Job } from '../job.js';

export interface Delivery {
  readonly job: Job;
  /** 1 for the first delivery. Every redelivery counts, whether the previous lease was lost or the job was nacked. */
  readonly deliveries: number;
  /** When the job was published, epoch milliseconds by the clock of the queue. Absent if the queue does not know. */
  readonly publishedAt?: number;
  /** Acks the job: it is not redelivered. */
  ack(): Promise<void>;
  /** Nacks the job: it returns to the queue after `delayMs`. */
  nak(delayMs?: number): Promise<void>;
  /** Renews the lease. */
  extend(): Promise<void>;
}

export interface Consumer {
  /** Takes no more jobs; resolves once every delivery is acked or nacked, at the latest when `signal` aborts. */
  stop(signal?: AbortSignal): Promise<void>;
}

/** What a queue holds. */
export interface QueueDepth {
  /** Jobs that no consumer has. */
  readonly queued: number;
  /** Jobs that a consumer has and has neither acked nor nacked, as far as known. */
  readonly in_flight: number;
  /** When the oldest queued job was published, epoch milliseconds; null if none is queued or it is not known. */
  readonly oldest_queued_at: number | null;
}

/**
 * The job queue of the workers. Laws:
 *
 * - Q1 A published job is delivered at least once, to one consumer at a time, in approximate order of publication.
 * - Q2 Publishing a job whose id is already queued or in flight is a no-op.
 * - Q3 A consumer has at most `concurrency` deliveries in flight.
 * - Q4 A delivery that is neither acked, nacked nor extended within the lease is redelivered with `deliveries` + 1, and so
 *   is a nacked one.
 * - Q5 Queues (`type@major`, see `queueName`) are independent of each other.
 * - Q6 `withdraw` removes queued jobs by id. A job in flight can still be acked; whether it is redelivered if its lease is
 *   lost is unspecified.
 * - Q7 After `close` every method rejects with `CLOSED`; `close` is idempotent.
 * - Q8 `depth` tells for every given queue what it holds, at most seconds late. Nacked jobs and those whose lease was lost count as
 *   queued or as in flight until they are redelivered; a queue that nobody has used yet is empty.
 */
export interface JobQueue {
  readonly supports: { readonly durable: boolean };
  /** The lease of a delivery that is not extended (Q4). Workers extend theirs three times as often. */
  readonly leaseMs: number;
  publish(jobs: readonly Job[]): Promise<void>;
  consume(
    queue: string,
    options: { readonly concurrency: number },
    handle: (delivery: Delivery) => void,
  ): Promise<Consumer>;
  withdraw(jobIds: readonly string[]): Promise<void>;
  /** By queue (`type@major`). */
  depth(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>>;
  close(): Promise<void>;
}
