import { type Clock, type Consumer, type Delivery, type Job, type JobQueue, queue_name } from '@llmteam/contracts';
import { closed_error } from './closed.js';
import { JobChannel } from './job-channel.js';

/**
 * Jobs in memory: they follow from the journal, so a restart derives them anew. Jobs are handed out as they were published,
 * not copied, and before `publish` returns if a consumer has room.
 */
export class MemoryQueue implements JobQueue {
  readonly supports = { durable: false };
  readonly #clock: Clock;
  readonly lease_ms: number;
  readonly #on_error: (error: unknown) => void;
  readonly #channels = new Map<string, JobChannel>();
  #closed = false;

  constructor(clock: Clock, lease_ms: number, on_error: (error: unknown) => void) {
    this.#clock = clock;
    this.lease_ms = lease_ms;
    this.#on_error = on_error;
  }

  async publish(jobs: readonly Job[]): Promise<void> {
    this.#check_open();
    for (const job of jobs) this.#channel(queue_name(job.step_type, job.type_version)).publish(job);
  }

  async consume(
    queue: string,
    options: { readonly concurrency: number },
    handle: (delivery: Delivery) => void,
  ): Promise<Consumer> {
    this.#check_open();
    const { concurrency } = options;
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError(`concurrency is ${concurrency}, expected an integer from 1`);
    }
    return this.#channel(queue).consume(concurrency, handle);
  }

  async withdraw(job_ids: readonly string[]): Promise<void> {
    this.#check_open();
    for (const channel of this.#channels.values()) for (const job_id of job_ids) channel.withdraw(job_id);
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
      lease_ms: this.lease_ms,
      on_error: this.#on_error,
      on_unused: () => {
        if (this.#channels.get(name) === channel) this.#channels.delete(name);
      },
    });
    this.#channels.set(name, channel);
    return channel;
  }

  #check_open(): void {
    if (this.#closed) throw closed_error('job queue');
  }
}
