import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Entry, Fact, Journal, RunEvent, RunKey } from '@llmteam/contracts';
import { type Definitions, evolve, type Run, startRun } from '@llmteam/kernel';

export interface HistoryDeps {
  readonly journal: Journal;
  readonly definitions: Definitions;
}

/** Rebuilds a run from its journal entries, one by one. */
export class RunReplayer {
  private run: Run | null = null;
  position = 0;

  constructor(
    private readonly key: RunKey,
    private readonly definitions: Definitions,
  ) {}

  get status(): Run['state']['status'] | null {
    return this.run?.state.status ?? null;
  }

  /** The `seq` of the latest event. */
  get seq(): number {
    return this.run?.state.seq ?? 0;
  }

  /** The first entry needs the run's definition: call `prepare` before. */
  apply(entry: Entry): readonly RunEvent[] {
    this.position = entry.position;
    const { fact } = entry;
    if (this.run !== null) return evolve(this.run, fact, { events: true }).events;
    const plan = fact.type === 'run.requested' ? this.definitions.cachedPlan(fact.definition) : undefined;
    if (fact.type !== 'run.requested' || plan === undefined) return [];
    const { run, outcome } = startRun(plan, this.key, fact, { events: true });
    this.run = run;
    return outcome.events;
  }

  async prepare(fact: Fact): Promise<void> {
    if (this.run === null && fact.type === 'run.requested') await this.definitions.plan(fact.definition);
  }
}

const entriesPerTurn = 100;

/** Yields the events of a run so far. It yields to the event loop regularly, so that long histories do not block the process. */
export async function* replayHistory(deps: HistoryDeps, key: RunKey, replayer: RunReplayer): AsyncGenerator<RunEvent> {
  let left = entriesPerTurn;
  for await (const entry of deps.journal.read(key, replayer.position)) {
    await replayer.prepare(entry.fact);
    yield* replayer.apply(entry);
    if (--left > 0) continue;
    left = entriesPerTurn;
    await nextTurn();
  }
}
