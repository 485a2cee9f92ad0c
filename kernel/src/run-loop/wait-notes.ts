import type { Position, RunWaits } from '@llmteam/contracts';

/** What a run waits for, as of a position of its history. */
export interface WaitNote extends RunWaits {
  readonly position: Position;
}

/** Where a loop notes what its runs wait for. */
export interface WaitNotes {
  /** Replaces the notes of these runs; those that wait for nothing are removed. */
  put(notes: readonly WaitNote[]): Promise<void>;
  /** What an earlier loop of the partition left. */
  all(): AsyncIterable<RunWaits>;
  /** Whether anybody reads them when no process drives the runs: then a loop that stops completes them. */
  readonly outliveLoop: boolean;
}
