import type { Job, JobQueue } from '@llmteam/contracts';
import { altered } from '../support/altered.js';

export interface LossyQueue {
  readonly queue: JobQueue;
  /** Ids of published jobs, in order, including lost ones. */
  readonly published: string[];
  /** Decides whether a job is lost. */
  loses: (job: Job) => boolean;
}

/** Loses selected jobs, like an in-memory queue that was restarted. */
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
