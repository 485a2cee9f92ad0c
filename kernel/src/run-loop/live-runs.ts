/**
 * Purpose: the runs of a partition that have not ended: which they are, and the states of those in use.
 * Owns: eviction. A run of which nothing is in flight can be dropped from memory; its next entry brings it back from its history.
 * Invariant: `position` is the last entry a state has seen; an entry at or below it is not applied again.
 */
import type { Journal, Position, RunKey } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { evolve, start_run } from '../engine/evolve.js';
import { is_idle, type Run } from '../engine/state.js';

export interface LiveRun {
  readonly key: RunKey;
  /** null: evicted. */
  run: Run | null;
  position: Position;
  /** Entries still to come that a fork was begun with: what they once set off was done by the run they were copied from. */
  copied_left: number;
}

export class LiveRuns {
  /** Those that were evicted longest ago last; otherwise oldest first. */
  private readonly runs = new Map<string, LiveRun>();
  private resident = 0;

  constructor(
    private readonly journal: Journal,
    private readonly definitions: Definitions,
    /** How many states to keep at most, as far as idle runs allow. */
    private readonly max_resident: number,
  ) {}

  get size(): number {
    return this.runs.size;
  }

  values(): IterableIterator<LiveRun> {
    return this.runs.values();
  }

  find(run_id: string): LiveRun | undefined {
    return this.runs.get(run_id);
  }

  add(key: RunKey, run: Run | null, position: Position): LiveRun {
    const live: LiveRun = { key, run, position, copied_left: 0 };
    this.runs.set(key.run_id, live);
    if (run !== null) this.resident++;
    return live;
  }

  remove(run_id: string): void {
    const live = this.runs.get(run_id);
    if (live === undefined) return;
    if (live.run !== null) this.resident--;
    this.runs.delete(run_id);
  }

  /** The state of a live run after its entries up to `upto`, read from its history if need be; null if there are none. */
  async load(live: LiveRun, upto: Position): Promise<Run | null> {
    if (live.run !== null) return live.run;
    let run: Run | null = null;
    let position = 0;
    for await (const entry of this.journal.read(live.key)) {
      if (entry.position > upto) break;
      if (run !== null) evolve(run, entry.fact);
      else if (entry.fact.type === 'run.requested') {
        run = start_run(await this.definitions.plan(entry.fact.definition), live.key, entry.fact).run;
      }
      position = entry.position;
    }
    live.run = run;
    live.position = position;
    if (run !== null) this.resident++;
    return run;
  }

  /** Drops the states of the runs that waited longest, if there are too many. */
  evict(): void {
    if (this.resident <= this.max_resident) return;
    for (const [run_id, live] of this.runs) {
      if (this.resident <= this.max_resident) return;
      if (live.run === null || !is_idle(live.run.state)) continue;
      live.run = null;
      this.resident--;
      this.runs.delete(run_id);
      this.runs.set(run_id, live);
    }
  }
}
