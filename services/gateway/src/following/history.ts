import {
  type Entry,
  type Fact,
  type Journal,
  type Position,
  type RunEvent,
  type RunKey,
  type RunRedacted,
  runEndingEvents,
} from '@llmteam/contracts';
import { type Definitions, type Run, RunFold, spareSlices } from '@llmteam/kernel';

/** Whether a run of this status has ended; null is that of a run without a request. */
export function hasEnded(status: string | null): boolean {
  return status !== null && Object.hasOwn(runEndingEvents, status);
}

export interface HistoryDeps {
  readonly journal: Journal;
  readonly definitions: Definitions;
}

/** Rebuilds a run from its journal entries, one by one. */
export class RunReplayer {
  private readonly fold: RunFold;
  private lastPosition: Position = 0;
  /** Set once the data of the run is removed. */
  private redacted: RunRedacted | null = null;

  constructor(
    key: RunKey,
    private readonly definitions: Definitions,
  ) {
    this.fold = new RunFold(key, { events: true });
  }

  /** Position of the latest entry. */
  get position(): Position {
    return this.lastPosition;
  }

  get status(): Run['state']['status'] | null {
    return this.redacted?.view.status ?? this.fold.run?.state.status ?? null;
  }

  /** The `seq` of the latest event. */
  get seq(): number {
    return this.redacted?.events.length ?? this.fold.run?.state.seq ?? 0;
  }

  /** The first entry needs the run's definition: call `prepare` before. */
  apply(entry: Entry): readonly RunEvent[] {
    const { position, fact } = entry;
    this.lastPosition = position;
    if (fact.type === 'run.redacted') return this.applyRedacted(fact);
    const plan = fact.type === 'run.requested' ? this.definitions.cachedPlan(fact.definition) : undefined;
    return this.fold.apply(fact, plan)?.events ?? [];
  }

  private applyRedacted(fact: RunRedacted): readonly RunEvent[] {
    this.redacted = fact;
    return this.fold.run === null ? fact.events : [];
  }

  async prepare(fact: Fact): Promise<void> {
    if (this.fold.run === null && fact.type === 'run.requested') await this.definitions.plan(fact.definition);
  }
}

/** Yields the events of a run so far. */
export async function* replayHistory(deps: HistoryDeps, key: RunKey, replayer: RunReplayer): AsyncGenerator<RunEvent> {
  const slices = spareSlices();
  for await (const entry of deps.journal.read(key, replayer.position)) {
    await replayer.prepare(entry.fact);
    yield* replayer.apply(entry);
    await slices.pause();
  }
}
