import { join } from 'node:path';
import { openSqliteBackend } from '@llmteam/backend-embedded';
import { systemClock } from '@llmteam/service-host';

/** The reported attempts of a run and its children in the only store of a home; null if the run is not in it. */
export async function readReports(home: string, runId: string): Promise<Set<string> | null> {
  const folder = join(home, 'stores', '1');
  const backend = await openSqliteBackend({ folder, clock: systemClock(), synchronous: 'full' });
  const stop = new AbortController();
  const reported = new Set<string>();
  let isKnown = false;
  for await (const batch of backend.journal.follow(0, 0, stop.signal)) {
    if (batch.length === 0) break;
    for (const { run_id: owner, fact } of batch) {
      if (owner === runId && fact.type === 'run.requested') isKnown = true;
      if (fact.type === 'step.reported') reported.add(`${owner}/${fact.step}#${fact.attempt}`);
    }
  }
  await backend.close();
  return isKnown ? reported : null;
}
