/**
 * Whether an index was fed from this journal. A journal that was restored from a backup is shorter than what the index has seen, and new entries
 * take the same positions: following on from there would miss them, and list runs that never were.
 */
import type { Entry, FollowOptions, Journal, Position, RunIndex, RunRow } from '@llmteam/contracts';

export interface SameJournalDeps {
  readonly journal: Pick<Journal, 'partitions' | 'end' | 'follow'>;
  readonly index: Pick<RunIndex, 'position' | 'run'>;
}

/** What the index has seen and the journal does not have; null if it may go on. @throws LlmteamError of the journal or the index */
export async function differenceFromJournal(deps: SameJournalDeps): Promise<string | null> {
  const all = Array.from({ length: deps.journal.partitions }, (_, partition) => differenceIn(deps, partition));
  return (await Promise.all(all)).find((found) => found !== null) ?? null;
}

async function differenceIn({ journal, index }: SameJournalDeps, partition: number): Promise<string | null> {
  const position = await index.position(partition);
  if (position === 0) return null;
  const end = await journal.end(partition);
  if (end < position) return `partition ${partition} ends at ${end}, and was read up to ${position}`;
  const different = `partition ${partition} has another entry at ${position} than the one that was read`;
  const found = await entryAt(journal, partition, position, { only: 'run_level' });
  if (found !== null) return shows(await index.run(found.tenant_id, found.run_id), found) ? null : different;
  // Nothing is there if its run was removed; anything else than what the index follows came later.
  return (await entryAt(journal, partition, position)) === null ? null : different;
}

async function entryAt(
  journal: SameJournalDeps['journal'],
  partition: number,
  position: Position,
  options?: FollowOptions,
): Promise<Entry | null> {
  const done = new AbortController();
  try {
    for await (const [entry] of journal.follow(partition, position - 1, done.signal, options)) {
      return entry?.position === position ? entry : null;
    }
    return null;
  } finally {
    done.abort();
  }
}

/** Whether the row has taken in the entry, the last that was read of its partition. */
function shows(row: RunRow | null, { fact }: Entry): boolean {
  if (row === null) return false;
  if (row.redacted === true) return true;
  switch (fact.type) {
    case 'run.requested':
      return row.started_at === fact.at;
    case 'run.ended':
      return row.ended_at === fact.at && row.status === fact.status;
    case 'run.controlled':
      return (
        row.ended_at !== null ||
        fact.action === 'cancel' ||
        row.status === (fact.action === 'pause' ? 'paused' : 'running')
      );
    default:
      // Some journals yield the facts of steps too; rows do not tell them.
      return true;
  }
}
