import type { Job } from '../job.js';

export interface Delivery {
  readonly job: Job;
  /** 1 for the first time this job is handed out. Each time counts, whether the one before was lost or given back. */
  readonly deliveries: number;
  /** The job is done with; it does not come back. */
  ack(): Promise<void>;
  /** The job goes back to the queue after `delayMs`. */
  nak(delayMs?: number): Promise<void>;
  /** The lease starts anew: the worker is alive and at it. */
  extend(): Promise<void>;
}

export interface Consumer {
  /** Takes no more jobs; resolves when every delivery it handed out is acked or naked, at the latest when `signal` aborts. */
  stop(signal?: AbortSignal): Promise<void>;
}

/**
 * Jobs for workers. Laws:
 *
 * - Q1 A published job is handed out at least once, to one consumer at a time, in about the order of publication.
 * - Q2 A job whose id is queued or handed out already is not queued again.
 * - Q3 A consumer has at most `concurrency` deliveries at a time.
 * - Q4 A delivery that is neither acked, naked nor extended within the lease comes back with `deliveries` + 1, and so does one that
 *   was naked.
 * - Q5 Queues (`type@major`, see `queueName`) share nothing.
 * - Q6 `withdraw` takes jobs that nobody wants any more, by id, unless they are handed out. What is handed out can be acked as ever;
 *   whether it comes back when it is lost is open.
 * - Q7 After `close` every method rejects with `CLOSED`; `close` may be called again.
 */
export interface JobQueue {
  readonly supports: { readonly durable: boolean };
  /** How long a delivery lasts that is not extended (Q4). Absent: not known. */
  readonly leaseMs?: number;
  publish(jobs: readonly Job[]): Promise<void>;
  consume(
    queue: string,
    options: { readonly concurrency: number },
    handle: (delivery: Delivery) => void,
  ): Promise<Consumer>;
  withdraw(jobIds: readonly string[]): Promise<void>;
  close(): Promise<void>;
}
