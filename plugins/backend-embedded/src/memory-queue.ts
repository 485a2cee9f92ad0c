import {
  type Clock,
  type Consumer,
  closedError,
  type Delivery,
  type Job,
  type JobQueue,
  type QueueDepth,
  queueName,
} from '@llmteam/contracts';
import { JobChannel } from './job-channel.js';

const empty: QueueDepth = { queued: 0, in_flight: 0, oldest_queued_at: null };

/**
 * An in-memory queue: jobs are derived from the journal again after a restart. Jobs are delivered without copying, and
 * before `publish` returns if a consumer has capacity.
 */
export class MemoryQueue implements JobQueue {
  readonly supports = { durable: false };
  readonly #clock: Clock;
  readonly leaseMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #channels = new Map<string, JobChannel>();
  #closed = false;

  constructor(clock: Clock, leaseMs: number, onError: (error: unknown) => void) {
    this.#clock = clock;
    this.leaseMs = leaseMs;
    this.#onError = onError;
  }

  async publish(jobs: readonly Job[]): Promise<void> {
    this.#checkOpen();
    for (const job of jobs) this.#channel(queueName(job.step_type, job.type_version)).publish(job);
  }

  async consume(
    queue: string,
    options: { readonly concurrency: number },
    handle: (delivery: Delivery) => void,
  ): Promise<Consumer> {
    this.#checkOpen();
    const { concurrency } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError(`concurrency is ${concurrency}, expected an integer from 1`);
    }
    return this.#channel(queue).consume(concurrency, handle);
  }

  async withdraw(jobIds: readonly string[]): Promise<void> {
    this.#checkOpen();
    for (const channel of this.#channels.values()) for (const jobId of jobIds) channel.withdraw(jobId);
  }

  async depth(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    this.#checkOpen();
    return new Map(queues.map((queue) => [queue, this.#channels.get(queue)?.depth() ?? empty]));
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }

  #channel(name: string): JobChannel {
    const known = this.#channels.get(name);
    if (known !== undefined) return known;
    const channel: JobChannel = new JobChannel({
      clock: this.#clock,
      leaseMs: this.leaseMs,
      onError: this.#onError,
      onUnused: () => {
        if (this.#channels.get(name) === channel) this.#channels.delete(name);
      },
    });
    this.#channels.set(name, channel);
    return channel;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('job queue');
  }
}
