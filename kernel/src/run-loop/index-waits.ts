import type { Journal, RunIndex, RunKey, RunWaits } from '@llmteam/contracts';
import type { WaitNote, WaitNotes } from './wait-notes.js';

const rowsPerPage = 1_000;

/** Notes of waits in the run index beside the loop. */
export class IndexWaits implements WaitNotes {
  readonly outliveLoop = true;

  constructor(
    private readonly index: Pick<RunIndex, 'noteWaits' | 'live'>,
    private readonly journal: Pick<Journal, 'partitionOf'>,
    private readonly partition: number,
  ) {}

  put(notes: readonly WaitNote[]): Promise<void> {
    return this.index.noteWaits(notes.map(({ position: _, ...note }) => note));
  }

  async *all(): AsyncIterable<RunWaits> {
    for (let after: RunKey | null = null; ; ) {
      const rows = await this.index.live(after, rowsPerPage);
      for (const { tenant_id, run_id, started_at, waits } of rows) {
        const key = { tenant_id, run_id };
        if (waits !== undefined && this.journal.partitionOf(key) === this.partition)
          yield { ...key, started_at, waits };
      }
      after = rows.at(-1) ?? null;
      if (after === null || rows.length < rowsPerPage) return;
    }
  }
}
