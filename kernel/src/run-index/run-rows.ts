import type { Entry, Journal, RunIndex, RunRow } from '@llmteam/contracts';
import { rowAfter } from './row-after.js';

export interface RunRowsDeps {
  readonly journal: Pick<Journal, 'follow'>;
  readonly index: Pick<RunIndex, 'apply' | 'position' | 'run'>;
}

/**
 * Keeps the rows of a partition's runs, from where the index stands. Tells when it has caught up with what was there at its start, and
 * ends when the signal aborts. @throws LlmteamError of the journal or the index
 */
export async function followRunRows(
  { journal, index }: RunRowsDeps,
  partition: number,
  signal: AbortSignal,
  caughtUp: () => void,
): Promise<void> {
  const from = await index.position(partition);
  for await (const batch of journal.follow(partition, from, signal, { only: 'run_level' })) {
    const last = batch.at(-1);
    if (last === undefined) caughtUp();
    else await index.apply([{ partition, position: last.position, runs: await rowsOf(index, batch), tasks: [] }]);
  }
}

/** The rows that a batch changes, each once. */
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
