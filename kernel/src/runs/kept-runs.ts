import type { Journal, Position, RunKey, RunRedacted } from '@llmteam/contracts';
import { LRUCache } from 'lru-cache';
import type { Definitions } from '../definitions/definitions.js';
import { planToBegin } from '../definitions/fold-history.js';
import { RunFold } from '../engine/fold.js';
import type { Run } from '../engine/state.js';
import { spareSlices, spareTurns } from '../slices/spare-turns.js';

const maxKept = 500;
/** Characters of the facts of all runs kept together. */
const maxCharacters = 16 * 1024 * 1024;
const smallestFact = 200;
/** Of the facts of a run that takes milliseconds to view. */
const largeCharacters = 256 * 1024;

/** A run as far as it has been read. */
interface KeptRun {
  fold: RunFold;
  /** What is left of it, once its data was removed. */
  redacted: RunRedacted | null;
  /** Of the last entry applied; 0 before the first. */
  position: Position;
  characters: number;
  /** Settles once nobody reads on. */
  reading: Promise<unknown>;
}

/**
 * The present states of the runs asked for most recently. Each is read on from where it was left, so that asking again costs what has
 * happened since, and no expression is evaluated twice. Bounded by number and size; what does not fit is read from the start again.
 */
export class KeptRuns {
  private readonly runs = new LRUCache<string, KeptRun>({ max: maxKept, maxSize: maxCharacters });

  constructor(
    private readonly journal: Journal,
    private readonly definitions: Definitions,
  ) {}

  /**
   * The run as of the end of its history; null if there is none. Another call changes it in place: take from it what is needed before
   * anything else is awaited.
   */
  async current(key: RunKey): Promise<Run | RunRedacted | null> {
    const id = `${key.tenant_id}/${key.run_id}`;
    const kept = this.runs.get(id) ?? newRun(key);
    this.keep(id, kept);
    const read = kept.reading.then(() => this.readOn(key, kept));
    kept.reading = read.catch(() => undefined);
    try {
      const run = await read;
      if (run === null) this.runs.delete(id);
      else this.keep(id, kept);
      return run;
    } catch (error) {
      this.runs.delete(id);
      throw error;
    }
  }

  private keep(id: string, kept: KeptRun): void {
    this.runs.set(id, kept, { size: Math.max(1, kept.characters) });
  }

  /** Reads the last entry once more: if it is no longer there, the run was removed, and possibly begun anew. */
  private async readOn(key: RunKey, kept: KeptRun): Promise<Run | RunRedacted | null> {
    // Many may ask at once; what each makes of the run takes milliseconds.
    if (kept.characters > largeCharacters) await spareTurns.next();
    const known = kept.position;
    const slices = spareSlices();
    let isStillThere = known === 0;
    for await (const { position, fact } of this.journal.read(key, Math.max(0, known - 1))) {
      if (position === known) {
        isStillThere = true;
        continue;
      }
      if (!isStillThere) break;
      if (fact.type === 'run.redacted') Object.assign(kept, { fold: new RunFold(key), redacted: fact });
      else kept.fold.apply(fact, await planToBegin(kept.fold, fact, this.definitions));
      kept.position = position;
      kept.characters += Math.max(smallestFact, JSON.stringify(fact).length);
      await slices.pause();
    }
    if (isStillThere) return kept.redacted ?? kept.fold.run;
    Object.assign(kept, { ...newRun(key), reading: kept.reading });
    return this.readOn(key, kept);
  }
}

function newRun(key: RunKey): KeptRun {
  return { fold: new RunFold(key), redacted: null, position: 0, characters: 0, reading: Promise.resolve() };
}
