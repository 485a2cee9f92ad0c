import type { Job, JobQueue } from '@llmteam/contracts';
import { altered } from '../support/altered.js';

export interface LossyQueue {
  readonly queue: JobQueue;
  /** Ids of jobs as they were published, lost ones too. */
  readonly published: string[];
  /** Whether a job is lost. */
  loses: (job: Job) => boolean;
}

/** Loses the jobs it is told to, as a queue in memory does that was started again. */
export function lossyQueue(inner: JobQueue): LossyQueue {
  const published: string[] = [];
  const lossy: LossyQueue = {
    published,
    loses: () => true,
    queue: altered(inner, {
      publish: async (jobs) => {
        published.push(...jobs.map(({ job_id }) => job_id));
        await inner.publish(jobs.filter((job) => !lossy.loses(job)));
      },
    }),
  };
  return lossy;
}
