import type { RunEvent, RunResult } from '@llmteam/contracts';
import type { EvolveOptions } from '../engine/evolve.js';
import type { Run } from '../engine/state.js';

export interface RunWatcher {
  /** Events as they are derived; none are made for unwatched runs. */
  events?(events: readonly RunEvent[], run: Run): void;
  ended?(result: RunResult): void;
  /** This process cannot continue the run: its definition cannot be loaded, or the engine failed on it. The run is not lost. */
  failed?(error: unknown): void;
}

const withEvents: EvolveOptions = { events: true };
const none: ReadonlySet<RunWatcher> = new Set();

/** Watchers by run. */
export class Watchers {
  private readonly watchers = new Map<string, Set<RunWatcher>>();

  /** Returns a function that removes the watcher. */
  add(runId: string, watcher: RunWatcher): () => void {
    const watchers = this.watchers.get(runId) ?? new Set();
    watchers.add(watcher);
    this.watchers.set(runId, watchers);
    return () => {
      watchers.delete(watcher);
      if (watchers.size === 0) this.watchers.delete(runId);
    };
  }

  /** A copy: a watcher may remove itself while it is called. */
  of(runId: string): readonly RunWatcher[] {
    return this.watchers.size === 0 ? [] : [...(this.watchers.get(runId) ?? none)];
  }

  /** All events of the run if anybody wants them, else those that are logged. `isTraced`: its spans are made of them. */
  evolveOptions(runId: string, isTraced: boolean, logged: EvolveOptions): EvolveOptions {
    if (isTraced) return withEvents;
    if (this.watchers.size === 0) return logged;
    for (const watcher of this.watchers.get(runId) ?? none) if (watcher.events !== undefined) return withEvents;
    return logged;
  }
}
