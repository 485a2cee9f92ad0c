/**
 * Purpose: tracks the jobs of the reference run and their fate on the stage.
 * Invariant: a job equals that of the reference wherever it occurs.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Job, JobQueue } from '@llmteam/contracts';
import { altered } from '../altered.js';
import type { Appended } from '../simulation/simulation.js';
import type { Progress } from './progress.js';

export class JobLedger {
  private readonly jobs = new Map<string, unknown>();
  private readonly delivered = new Set<string>();
  private readonly owed = new Set<string>();
  private readonly unanswered = new Set<string>();

  constructor(
    appended: readonly Appended[],
    private readonly progress: Progress,
  ) {
    for (const { jobs } of appended) {
      for (const job of jobs) this.jobs.set(job.job_id, JSON.parse(JSON.stringify(job)));
    }
  }

  /** The queue of one coordinator. */
  before(queue: JobQueue, who: string): JobQueue {
    return altered(queue, {
      publish: (jobs) => {
        for (const job of jobs) this.check(job, `${who} published`);
        return queue.publish(jobs);
      },
    });
  }

  /** The reference has reached the point where these jobs are published. */
  owe(jobs: readonly Job[]): void {
    for (const { job_id } of jobs) if (!this.delivered.has(job_id)) this.owed.add(job_id);
  }

  deliver(job: Job, worker: string): void {
    this.check(job, `${worker} was handed`);
    this.unanswered.add(job.job_id);
    this.delivered.add(job.job_id);
    this.owed.delete(job.job_id);
    this.progress.changed();
  }

  answer({ job_id }: Job): void {
    this.unanswered.delete(job_id);
    this.progress.changed();
  }

  get undelivered(): readonly string[] {
    return [...this.owed];
  }

  /** Jobs that were delivered and have no report yet, ordered by id. */
  get silent(): readonly string[] {
    return [...this.unanswered].sort();
  }

  private check(job: Job, what: string): void {
    if (isDeepStrictEqual(JSON.parse(JSON.stringify(job)), this.jobs.get(job.job_id))) return;
    this.progress.fail(new Error(`${what} a job the reference does not know: ${JSON.stringify(job)}`));
  }
}
