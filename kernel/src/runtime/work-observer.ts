import type { Job, StepReported } from '@llmteam/contracts';

/** How a worker's time with a job ended. handedBack: the worker stopped before; dropped: the report could not be kept, or the worker closed. */
export type JobEnd = 'completed' | 'failed' | 'handed_back' | 'dropped';

/** Told of what a worker does, e.g. to count it. Must not throw. */
export interface WorkObserver {
  /** `deliveries`: 1 for the first time the job is handed out. */
  began(job: Job, deliveries: number): void;
  /** The report of an attempt is kept, whether or not its job can be acknowledged then. */
  reported(job: Job, report: StepReported): void;
  ended(job: Job, how: JobEnd): void;
}
