import { type Entry, type Journal, LlmteamError, type RunEvent, type RunKey } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { foldHistory } from '../definitions/fold-history.js';
import type { Run } from '../engine/state.js';

export interface ReplayedRun {
  readonly run: Run;
  readonly events: readonly RunEvent[];
  readonly entries: readonly Entry[];
}

/** Replays runs on demand; nothing is cached. */
export class Histories {
  private readonly sources: { readonly journal: Journal; readonly definitions: Definitions };

  constructor(journal: Journal, definitions: Definitions) {
    this.sources = { journal, definitions };
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
    if (replayed === null) throw new LlmteamError('RUN_UNKNOWN', `there is no run '${key.run_id}'`);
    return { run: replayed, events, entries };
  }
}
