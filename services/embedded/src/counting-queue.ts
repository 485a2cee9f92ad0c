import type { Consumer, Delivery, Job, JobQueue, QueueDepth } from '@llmteam/contracts';
import type { CrashCounts } from './crash-counts.js';

/** A queue in memory whose deliveries include those that earlier processes did not survive. */
export class CountingQueue implements JobQueue {
  readonly leaseMs: number;

  constructor(
    private readonly inner: JobQueue,
    private readonly counts: CrashCounts,
  ) {
    this.leaseMs = inner.leaseMs;
  }

  get supports(): JobQueue['supports'] {
    return this.inner.supports;
  }

  publish(jobs: readonly Job[]): Promise<void> {
    return this.inner.publish(jobs);
  }

  consume(
    queue: string,
    options: { readonly concurrency: number },
    handle: (delivery: Delivery) => void,
  ): Promise<Consumer> {
    const { counts } = this;
    return this.inner.consume(queue, options, (delivery) => {
      const earlier = counts.size === 0 ? 0 : counts.of(delivery.job.job_id);
      handle(earlier === 0 ? delivery : counted(delivery, earlier, counts));
    });
  }

  withdraw(jobIds: readonly string[]): Promise<void> {
    return this.inner.withdraw(jobIds);
  }

  depth(queues: readonly string[]): Promise<ReadonlyMap<string, QueueDepth>> {
    return this.inner.depth(queues);
  }

  close(): Promise<void> {
    return this.inner.close();
  }
}

function counted(delivery: Delivery, earlier: number, counts: CrashCounts): Delivery {
  const { job, deliveries, publishedAt } = delivery;
  return {
    job,
    deliveries: deliveries + earlier,
    ...(publishedAt !== undefined && { publishedAt }),
    ack: async () => {
      await delivery.ack();
      await counts.forget(job.job_id);
    },
    nak: (delayMs) => delivery.nak(delayMs),
    extend: () => delivery.extend(),
  };
}
