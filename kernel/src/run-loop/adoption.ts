import { isLlmteamError, type Logger, type RunKey } from '@llmteam/contracts';
import { LiveRun } from './live-run.js';
import type { LiveRuns } from './live-runs.js';
import type { LoopProgress } from './loop-progress.js';
import type { Residency } from './residency.js';

export interface AdoptionDeps {
  readonly progress: LoopProgress;
  readonly runs: LiveRuns;
  readonly residency: Residency;
  readonly log: Logger;
}

/**
 * Loads the runs named and their children, up to where the loop stands. A child whose history cannot be read is left out.
 * @throws LlmteamError if a definition cannot be loaded, `STORE_CORRUPT` if the history of a run that is named cannot be read
 */
export async function adoptRuns(deps: AdoptionDeps, keys: readonly RunKey[]): Promise<void> {
  const { progress, runs, residency, log } = deps;
  const named = new Set(keys.map(({ run_id }) => run_id));
  const wanted = [...keys];
  for (let key = wanted.pop(); key !== undefined; key = wanted.pop()) {
    const live = new LiveRun(key, 0);
    runs.add(live, null);
    const run = await residency.load(live, progress.position).catch((err: unknown) => {
      if (named.has(live.run_id) || !isLlmteamError(err) || err.code !== 'STORE_CORRUPT') throw err;
      log.error({ err, ...live.key }, 'a child run is left out');
      return null;
    });
    if (run === null) {
      runs.remove(live);
      continue;
    }
    for (const runId of [...run.state.children.values(), ...run.state.cancelled_children]) {
      wanted.push({ tenant_id: key.tenant_id, run_id: runId });
    }
  }
}
