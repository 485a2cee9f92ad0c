import type { Job, JobQueue } from '@llmteam/contracts';

export interface LossyQueue extends JobQueue {
  /** Ids of jobs as they were published, lost ones too. */
  readonly published: string[];
  /** Whether a job is lost. */
  loses: (job: Job) => boolean;
}

/** Loses the jobs it is told to, as a queue in memory does that was started again. */
export function lossy_queue(inner: JobQueue): LossyQueue {
  const queue: LossyQueue = {
    published: [],
    loses: () => true,
    supports: inner.supports,
    publish: async (jobs) => {
      queue.published.push(...jobs.map(({ job_id }) => job_id));
      await inner.publish(jobs.filter((job) => !queue.loses(job)));
    },
    consume: (...consumer) => inner.consume(...consumer),
    withdraw: (run_id) => inner.withdraw(run_id),
    close: () => inner.close(),
  };
  return queue;
}
