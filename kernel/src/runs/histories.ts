import {
  type Entry,
  type Journal,
  LlmteamError,
  type RunEvent,
  type RunExplanation,
  type RunKey,
  type RunRedacted,
  type RunView,
  type StepDetail,
  type StepRecord,
} from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { type FoldSources, foldHistory } from '../definitions/fold-history.js';
import type { Run } from '../engine/state.js';
import { viewRun } from '../engine/view.js';
import { spareSlices } from '../slices/spare-turns.js';
import { explainRun, type Surroundings } from './explain-run.js';
import { KeptRuns } from './kept-runs.js';
import { LastEvents } from './last-events.js';
import { readSteps, showStep } from './step-records.js';

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

  /** The run as of now, valid until something else is awaited. @throws LlmteamError `RUN_UNKNOWN`, `RUN_REDACTED` */
  async current(key: RunKey): Promise<Run> {
    const found = (await this.kept.current(key)) ?? fail(key);
    return 'state' in found ? found : refuse(key);
  }

  /** What is left of a run whose data was removed; null for any other. */
  async outline(key: RunKey): Promise<RunRedacted | null> {
    const found = await this.kept.current(key);
    return found === null || 'state' in found ? null : found;
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async view(key: RunKey): Promise<RunView> {
    const found = (await this.kept.current(key)) ?? fail(key);
    return 'state' in found ? viewRun(found) : found.view;
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async explain(key: RunKey, surroundings: Surroundings): Promise<RunExplanation> {
    const last = new LastEvents();
    let present: Run | null = null;
    const options = { events: true, slices: spareSlices() };
    for await (const { entry, run, outcome } of foldHistory(this.sources, key, options)) {
      if (entry.fact.type === 'run.redacted') return explainRun(entry.fact.view, last, surroundings);
      for (const event of outcome?.events ?? []) last.take(event);
      present = run;
    }
    return explainRun(viewRun(present ?? fail(key)), last, surroundings);
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async steps(key: RunKey): Promise<readonly StepRecord[]> {
    const steps: StepRecord[] = [];
    for await (const step of readSteps(this.sources, key)) steps.push(step);
    return steps;
  }

  /** @throws LlmteamError `RUN_UNKNOWN`, `STEP_UNKNOWN`, `RUN_REDACTED` */
  async step(key: RunKey, step: string): Promise<StepDetail> {
    if ((await this.outline(key)) !== null) refuse(key);
    return (await showStep(this.sources, key, step)) ?? fail(key);
  }

  /** Of a redacted run without their payloads. @throws LlmteamError `RUN_UNKNOWN` */
  async events(key: RunKey): Promise<readonly RunEvent[]> {
    return (await this.find(key)).events;
  }

  /** @throws LlmteamError `RUN_UNKNOWN`, `RUN_REDACTED` */
  async replay(key: RunKey): Promise<ReplayedRun> {
    const found = await this.find(key);
    return 'run' in found ? found : refuse(key);
  }

  private async find(key: RunKey): Promise<ReplayedRun | RunRedacted> {
    const entries: Entry[] = [];
    const events: RunEvent[] = [];
    let replayed: Run | null = null;
    for await (const { entry, run, outcome } of foldHistory(this.sources, key, {
      events: true,
      slices: spareSlices(),
    })) {
      if (entry.fact.type === 'run.redacted') return entry.fact;
      entries.push(entry);
      if (outcome !== null) events.push(...outcome.events);
      replayed = run;
    }
    return { run: replayed ?? fail(key), events, entries };
  }
}

function refuse({ run_id }: RunKey): never {
  throw new LlmteamError('RUN_REDACTED', `the data of run '${run_id}' was removed`);
}

function fail({ run_id }: RunKey): never {
  throw new LlmteamError('RUN_UNKNOWN', `there is no run '${run_id}'`);
}
