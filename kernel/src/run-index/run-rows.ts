import type { Entry, Journal, RunIndex, RunRow } from '@llmteam/contracts';
import type { GoneRuns } from './removed-runs.js';
import { rowAfter } from './row-after.js';

export interface RunRowsDeps {
  readonly journal: Pick<Journal, 'follow'>;
  readonly index: Pick<RunIndex, 'apply' | 'position' | 'run'>;
  readonly gone: Pick<GoneRuns, 'has'>;
  /** Told of runs whose data is removed. */
  readonly redacted: Pick<GoneRuns, 'add'>;
}

/**
 * Keeps a partition's run rows up to date, starting at the index's position, until the signal aborts. Calls `caughtUp` once it has
 * reached the end that the journal had at the start. @throws LlmteamError of the journal or the index
 */
export async function followRunRows(
  { journal, index, gone, redacted }: RunRowsDeps,
  partition: number,
  signal: AbortSignal,
  caughtUp: () => void,
): Promise<void> {
  const from = await index.position(partition);
  for await (const batch of journal.follow(partition, from, signal, { only: 'run_level' })) {
    const last = batch.at(-1);
    redacted.add(batch.filter(({ fact }) => fact.type === 'run.redacted'));
    if (last === undefined) caughtUp();
    else
      await index.apply([
        {
          partition,
          position: last.position,
          runs: await rowsOf(
            index,
            batch.filter((entry) => !gone.has(entry)),
          ),
          tasks: [],
        },
      ]);
  }
}

/** The rows that a batch changes, in their final state. */
async function rowsOf(index: Pick<RunIndex, 'run'>, batch: readonly Entry[]): Promise<RunRow[]> {
  const rows = new Map<string, RunRow>();
  for (const entry of batch) {
    const { tenant_id, run_id } = entry;
    const key = `${tenant_id}/${run_id}`;
    const before = rows.get(key) ?? (await index.run(tenant_id, run_id));
    const after = rowAfter(before, entry);
    if (after !== null && after !== before) rows.set(key, after);
  }
  return [...rows.values()];
}
