import type { RunAccepted, RunKey, SignalRunBody } from '@llmteam/contracts';
import type { RunService } from '@llmteam/kernel';
import { acceptedRun } from './accepted-run.js';

export type ControlAction = 'cancel' | 'pause' | 'resume';

/** Controls and signals the runs of a tenant. */
export class RunControl {
  constructor(private readonly runs: RunService) {}

  /** Idempotent. @throws LlmteamError `RUN_UNKNOWN`, `RUN_ENDED` */
  async control(run: RunKey, action: ControlAction, by: string, reason: string | undefined): Promise<RunAccepted> {
    await this.runs.control(run, action, by, reason);
    return acceptedRun(this.runs, run);
  }

  /** Signals with the same key are one signal. @throws LlmteamError `RUN_UNKNOWN`, `RUN_ENDED` */
  async signal(
    run: RunKey,
    name: string,
    { payload, correlation }: SignalRunBody,
    key: string | undefined,
  ): Promise<RunAccepted> {
    await this.runs.signal(run, name, payload ?? null, {
      ...(correlation !== undefined && { correlation }),
      ...(key !== undefined && { id: `key:${key}` }),
    });
    return acceptedRun(this.runs, run);
  }
}
