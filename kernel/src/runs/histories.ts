import { type Entry, type Journal, LlmteamError, type RunEvent, type RunKey } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { evolve, startRun } from '../engine/evolve.js';
import type { Run } from '../engine/state.js';

export interface ReplayedRun {
  readonly run: Run;
  readonly events: readonly RunEvent[];
  readonly entries: readonly Entry[];
}

/** Runs as their histories tell, for whoever asks: nothing is kept. */
export class Histories {
  constructor(
    private readonly journal: Journal,
    private readonly definitions: Definitions,
  ) {}

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async replay(key: RunKey): Promise<ReplayedRun> {
    const entries: Entry[] = [];
    const events: RunEvent[] = [];
    let run: Run | null = null;
    for await (const entry of this.journal.read(key)) {
      const { fact } = entry;
      entries.push(entry);
      if (run !== null) {
        events.push(...evolve(run, fact, { events: true }).events);
      } else if (fact.type === 'run.requested') {
        const plan = await this.definitions.plan(fact.definition);
        const begun = startRun(plan, key, fact, { events: true });
        run = begun.run;
        events.push(...begun.outcome.events);
      }
    }
    if (run === null) throw new LlmteamError('RUN_UNKNOWN', `there is no run '${key.run_id}'`);
    return { run, events, entries };
  }
}
