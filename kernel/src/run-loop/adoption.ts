import type { RunKey } from '@llmteam/contracts';
import { LiveRun } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { LoopProgress } from './loop-progress.js';
import type { Residency } from './residency.js';

export interface AdoptionDeps {
  readonly progress: LoopProgress;
  readonly runs: LiveRuns;
  readonly residency: Residency;
}

/** Loads the runs named and their children, up to where the loop stands. @throws LlmteamError if a definition cannot be loaded */
export async function adoptRuns({ progress, runs, residency }: AdoptionDeps, keys: readonly RunKey[]): Promise<void> {
  const wanted = [...keys];
  for (let key = wanted.pop(); key !== undefined; key = wanted.pop()) {
    const live = new LiveRun(key, 0);
    runs.add(live, null);
    const run = await residency.load(live, progress.position);
    if (run === null) {
      runs.remove(live);
      continue;
    }
    for (const runId of [...run.state.children.values(), ...run.state.cancelled_children]) {
      wanted.push({ tenant_id: key.tenant_id, run_id: runId });
    }
  }
}
