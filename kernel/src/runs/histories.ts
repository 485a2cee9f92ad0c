import { type Entry, type Journal, LlmteamError, type RunEvent, type RunKey } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { foldHistory } from '../definitions/fold-history.js';
import type { Run } from '../engine/state.js';
import { KeptRuns } from './kept-runs.js';

export interface ReplayedRun {
  readonly run: Run;
  readonly events: readonly RunEvent[];
  readonly entries: readonly Entry[];
}

/** The histories of runs: their present state, and whole replays. */
export class Histories {
  private readonly sources: { readonly journal: Journal; readonly definitions: Definitions };
  private readonly kept: KeptRuns;

  constructor(journal: Journal, definitions: Definitions) {
    this.sources = { journal, definitions };
    this.kept = new KeptRuns(journal, definitions);
  }

  /** The run as of now, valid until something else is awaited. @throws LlmteamError `RUN_UNKNOWN` */
  async current(key: RunKey): Promise<Run> {
    const run = await this.kept.current(key);
    if (run === null) throw unknownRun(key);
    return run;
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
    if (replayed === null) throw unknownRun(key);
    return { run: replayed, events, entries };
  }
}

function unknownRun({ run_id }: RunKey): LlmteamError {
  return new LlmteamError('RUN_UNKNOWN', `there is no run '${run_id}'`);
}
