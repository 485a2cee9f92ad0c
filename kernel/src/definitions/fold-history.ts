import type { Entry, Fact, Journal, Position, RunKey } from '@llmteam/contracts';
import type { EvolveOptions, Outcome } from '../engine/evolve.js';
import { RunFold } from '../engine/fold.js';
import type { Plan } from '../engine/plan.js';
import type { Run } from '../engine/state.js';
import { TimeSlices } from '../slices/time-slices.js';
import type { Definitions } from './definitions.js';

export interface FoldedEntry {
  readonly entry: Entry;
  /** The run after this entry; null before its request. */
  readonly run: Run | null;
  /** What applying the entry produced; null before the request. */
  readonly outcome: Outcome | null;
}

export interface FoldSources {
  readonly journal: Pick<Journal, 'read'>;
  readonly definitions: Definitions;
}

export interface FoldOptions extends Pick<EvolveOptions, 'onDecided'> {
  /** Build the events; by default they are only counted. */
  readonly events?: boolean;
  /** Position of the last entry to apply. Default: the end of the history. */
  readonly upto?: Position;
  /** When to let others go on; by default every few milliseconds for one turn of the event loop. */
  readonly slices?: TimeSlices;
}

/**
 * Folds a run from its journal, entry by entry, and lets the event loop turn every few milliseconds.
 * @throws LlmteamError if the definition of the run cannot be loaded
 */
export async function* foldHistory(
  { journal, definitions }: FoldSources,
  key: RunKey,
  { events = false, upto = Number.POSITIVE_INFINITY, onDecided = null, slices = new TimeSlices() }: FoldOptions = {},
): AsyncGenerator<FoldedEntry> {
  const fold = new RunFold(key, { events, onDecided });
  for await (const entry of journal.read(key)) {
    if (entry.position > upto) return;
    const outcome = fold.apply(entry.fact, await planToBegin(fold, entry.fact, definitions));
    yield { entry, run: fold.run, outcome };
    await slices.pause();
  }
}

/** The plan needed to apply this fact; only the request that starts a run needs one. */
export async function planToBegin(fold: RunFold, fact: Fact, definitions: Definitions): Promise<Plan | undefined> {
  return fold.run === null && fact.type === 'run.requested' ? definitions.plan(fact.definition) : undefined;
}
