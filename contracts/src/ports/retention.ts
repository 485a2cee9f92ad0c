import type { RunKey } from './journal.js';

/** Which ended runs are kept. */
export interface RetentionPolicy {
  /** How long a run is kept after its end; null for no limit. */
  readonly maxAgeMs: number | null;
  /** How many runs a partition keeps, if enough of them have ended; null for no limit. */
  readonly maxRuns: number | null;
}

/**
 * Removes the histories of runs that ended long ago, oldest first. Laws:
 *
 * - T1 A run that has not ended, or that the policy keeps, keeps its whole history. Without a limit nothing is removed.
 * - T2 `beforeRemoval` is called with the runs that are about to be removed, while their histories exist. Nothing is removed if it
 *   rejects; `sweep` then rejects.
 * - T3 `sweep` resolves to the number of removed runs. It may leave some for the next time, to bound its load.
 * - T4 It removes as `Journal.remove` does (J9): followers of the partition see no gap.
 * - T5 It ends soon after `signal` aborts.
 */
export interface Retention {
  sweep(
    partition: number,
    policy: RetentionPolicy,
    signal: AbortSignal,
    beforeRemoval: (runs: readonly RunKey[]) => Promise<void>,
  ): Promise<number>;
}
