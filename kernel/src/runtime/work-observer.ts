import type { Job, StepReported } from '@llmteam/contracts';

/**
 * How a job ended at this worker. `handed_back`: the worker drained and released it. `dropped`: this worker reported nothing, e.g.
 * because the attempt was already reported or the report could not be stored.
 */
export type JobEnd = 'completed' | 'failed' | 'handed_back' | 'dropped';

/** Callbacks for what a worker does, e.g. for metrics. They must not throw. */
export interface WorkObserver {
  /** `deliveries` is 1 for the first delivery of the job. */
  began(job: Job, deliveries: number): void;
  /** The report is stored; acking the job may still fail. */
  reported(job: Job, report: StepReported): void;
  ended(job: Job, how: JobEnd): void;
}
