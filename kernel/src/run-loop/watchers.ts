import type { RunEvent, RunResult } from '@llmteam/contracts';
import type { EvolveOptions } from '../engine/evolve.js';
import type { Run } from '../engine/state.js';

export interface RunWatcher {
  /** Events as they are derived; none are made for runs nobody watches. */
  events?(events: readonly RunEvent[], run: Run): void;
  ended?(result: RunResult): void;
  /** This process cannot go on with the run: its definition cannot be loaded, or the engine failed on it. The run is not lost. */
  failed?(error: unknown): void;
}

const counted_only: EvolveOptions = { events: false };
const with_events: EvolveOptions = { events: true };
const none: ReadonlySet<RunWatcher> = new Set();

/** Who watches which run of a partition. */
export class Watchers {
  private readonly watchers = new Map<string, Set<RunWatcher>>();

  /** The function takes the watcher away again. */
  add(run_id: string, watcher: RunWatcher): () => void {
    const watchers = this.watchers.get(run_id) ?? new Set();
    watchers.add(watcher);
    this.watchers.set(run_id, watchers);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) this.watchers.delete(run_id);
    };
  }

  /** A list of its own: a watcher may take itself away while it is told. */
  of(run_id: string): readonly RunWatcher[] {
    return this.watchers.size === 0 ? [] : [...(this.watchers.get(run_id) ?? none)];
  }

  /** Whether the run's events are wanted. */
  wishes(run_id: string): EvolveOptions {
    if (this.watchers.size === 0) return counted_only;
    for (const watcher of this.watchers.get(run_id) ?? none) if (watcher.events !== undefined) return with_events;
    return counted_only;
  }
}
