import { join } from 'node:path';
import { open_sqlite_backend, system_clock } from '@llmteam/backend-embedded';

/** The attempts whose reports the only store of a home holds, of a run and its children; null if it does not hold the run. */
export async function read_reports(home: string, run_id: string): Promise<Set<string> | null> {
  const folder = join(home, 'stores', '1');
  const backend = await open_sqlite_backend({ folder, clock: system_clock(), synchronous: 'full' });
  const stop = new AbortController();
  const reported = new Set<string>();
  let is_known = false;
  for await (const batch of backend.journal.follow(0, 0, stop.signal)) {
    if (batch.length === 0) break;
    for (const { run_id: owner, fact } of batch) {
      if (owner === run_id && fact.type === 'run.requested') is_known = true;
      if (fact.type === 'step.reported') reported.add(`${owner}/${fact.step}#${fact.attempt}`);
    }
  }
  await backend.close();
  return is_known ? reported : null;
}
