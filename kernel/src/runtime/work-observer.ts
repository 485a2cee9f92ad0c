import type { Job, StepReported } from '@llmteam/contracts';
import type { ModelCall } from './metered-model.js';

/**
 * How a job ended at this worker. `handed_back`: the worker drained and released it. `dropped`: this worker reported nothing, e.g.
 * because the attempt was already reported or the report could not be stored.
 */
export type JobEnd = 'completed' | 'failed' | 'handed_back' | 'dropped';

/** Callbacks for what a worker does, e.g. for metrics. They must not throw. */
export interface WorkObserver {
  /**
   * `deliveries` is 1 for the first delivery of the job; `waitedMs` is how long it was queued then, null for later ones and where the queue
   * does not tell.
   */
  began(job: Job, deliveries: number, waitedMs: number | null): void;
  /** The report is stored; acking the job may still fail. */
  reported(job: Job, report: StepReported): void;
  ended(job: Job, how: JobEnd): void;
  /** The job is given up: too many workers were lost with it. */
  lost?(job: Job): void;
  modelCalled?(call: ModelCall): void;
}
