import {
  type Entry,
  type Journal,
  LlmteamError,
  type RunEvent,
  type RunKey,
  type StepDetail,
  type StepRecord,
} from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { type FoldSources, foldHistory } from '../definitions/fold-history.js';
import type { Run } from '../engine/state.js';
import { KeptRuns } from './kept-runs.js';
import { listSteps, showStep } from './step-records.js';

export interface ReplayedRun {
  readonly run: Run;
  readonly events: readonly RunEvent[];
  readonly entries: readonly Entry[];
}

/** The histories of runs: their present state, and whole replays. */
export class Histories {
  private readonly sources: FoldSources;
  private readonly kept: KeptRuns;

  constructor(journal: Journal, definitions: Definitions) {
    this.sources = { journal, definitions };
    this.kept = new KeptRuns(journal, definitions);
  }

  /** The run as of now, valid until something else is awaited. @throws LlmteamError `RUN_UNKNOWN` */
  async current(key: RunKey): Promise<Run> {
    const run = await this.kept.current(key);
    return run ?? fail(key);
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async steps(key: RunKey): Promise<readonly StepRecord[]> {
    return (await listSteps(this.sources, key)) ?? fail(key);
  }

  /** @throws LlmteamError `RUN_UNKNOWN`, `STEP_UNKNOWN` */
  async step(key: RunKey, step: string): Promise<StepDetail> {
    return (await showStep(this.sources, key, step)) ?? fail(key);
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async replay(key: RunKey): Promise<ReplayedRun> {
    const entries: Entry[] = [];
    const events: RunEvent[] = [];
    let replayed: Run | null = null;
    for await (const { entry, run, outcome } of foldHistory(this.sources, key, { events: true })) {
      entries.push(entry);
      if (outcome !== null) events.push(...outcome.events);
      replayed = run;
    }
    return { run: replayed ?? fail(key), events, entries };
  }
}

function fail({ run_id }: RunKey): never {
  throw new LlmteamError('RUN_UNKNOWN', `there is no run '${run_id}'`);
}
