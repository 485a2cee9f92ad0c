import type { WorkObserver } from '@llmteam/kernel';

/** Who is told of what a runtime does; nobody, until somebody asks for it. */
export class Observers {
  work: WorkObserver | null = null;
  timerFired: ((lateMs: number) => void) | null = null;

  /** For the parts of the runtime, which are made before anybody asks. */
  readonly forwarded: Required<WorkObserver> = {
    began: (job, deliveries, waitedMs) => this.work?.began(job, deliveries, waitedMs),
    reported: (job, report) => this.work?.reported(job, report),
    ended: (job, how) => this.work?.ended(job, how),
    lost: (job) => this.work?.lost?.(job),
    modelCalled: (call) => this.work?.modelCalled?.(call),
  };
}
