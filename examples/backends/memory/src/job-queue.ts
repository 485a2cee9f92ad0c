import {
  type Consumer,
  closedError,
  type Delivery,
  type Job,
  type JobQueue,
  type QueueDepth,
  queueName,
} from '@llmteam/contracts';
import type { Channel, Taker } from './channel.js';
import type { Space } from './space.js';

export class MemoryJobQueue implements JobQueue {
  readonly supports = { durable: false };
  readonly leaseMs: number;
  /** The consumers of this backend. */
  private readonly takers = new Map<Taker, Channel>();
  private isClosed = false;

  constructor(private readonly space: Space) {
    this.leaseMs = space.options.leaseMs;
  }

  async publish(jobs: readonly Job[]): Promise<void> {
    this.checkOpen();
    const queues = new Set<string>();
    for (const job of jobs) {
      const queue = queueName(job.step_type, job.type_version);
      queues.add(queue);
      this.space.channel(queue).add(job.job_id, JSON.stringify(job));
    }
    for (const queue of queues) this.space.channel(queue).deliver();
  }

  async consume(
    queue: string,
    { concurrency }: { readonly concurrency: number },
    handle: (delivery: Delivery) => void,
  ): Promise<Consumer> {
    this.checkOpen();
    const channel = this.space.channel(queue);
    const taker: Taker = { concurrency, handle, held: new Set() };
    this.takers.set(taker, channel);
    channel.join(taker);
    return { stop: (signal = new AbortController().signal) => channel.leave(taker, signal) };
  }

  async withdraw(jobIds: readonly string[]): Promise<void> {
    this.checkOpen();
    for (const channel of this.space.allChannels()) {
      for (const jobId of jobIds) channel.withdraw(jobId);
    }
  }

  async depth(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    this.checkOpen();
    return new Map(queues.map((queue) => [queue, this.space.channel(queue).depth()]));
  }

  async close(): Promise<void> {
    this.isClosed = true;
    for (const [taker, channel] of this.takers) channel.abandon(taker);
  }

  private checkOpen(): void {
    if (this.isClosed) throw closedError('job queue');
  }
}
