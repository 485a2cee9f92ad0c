import type { Fact } from '../facts.js';

/** A run, by the tenant it belongs to: no store finds anything by id alone. */
export interface RunKey {
  readonly tenant_id: string;
  readonly run_id: string;
}

/** Where an entry stands in its partition: grows from 1, may skip numbers, never goes back. 0 is before the first. */
export type Position = number;

export interface Entry extends RunKey {
  readonly position: Position;
  readonly message_id: string;
  readonly fact: Fact;
}

export interface NewEntry {
  readonly message_id: string;
  readonly fact: Fact;
}

export interface FollowOptions {
  /** Only what lists of runs are made from: facts that are not `runLevelFacts` may be left out. Default: every entry. */
  readonly only?: 'run_level';
}

/**
 * One ordered history per run, spread over partitions. Laws:
 *
 * - J1 `append` resolves once the entries are kept as the adapter's `supports.durable` promises; nothing of a rejected append is visible.
 * - J2 The entries of one append are written all or none, next to each other in the history.
 * - J3 A message id already in the history writes nothing again and answers the position of the first; the other entries of the same
 *   append are written. Holds for at least the last 10,000 entries of a partition, also among racing writers and after a reopen.
 * - J4 `read` gives a run's history in the order of `position`; an unknown run is empty; what is read are copies.
 * - J5 `follow` gives every entry of the partition after `from`, in order, without gap or repeat, then stays live until `signal`
 *   aborts or the journal closes; an empty batch is given once when the follower has caught up with what was there at its start.
 *   With `only: 'run_level'` the same holds for run-level facts; whether others come along is open.
 * - J6 Facts survive as JSON: what a reader sees equals `JSON.parse(JSON.stringify(fact))`.
 * - J8 `end` answers the position of the last entry of the partition, 0 if there is none.
 * - J7 After `close` every method rejects with `CLOSED`; `close` may be called again.
 */
export interface Journal {
  readonly supports: { readonly durable: boolean };
  readonly partitions: number;
  partitionOf(run: RunKey): number;
  append(run: RunKey, entries: readonly NewEntry[]): Promise<readonly Position[]>;
  read(run: RunKey, after?: Position): AsyncIterable<Entry>;
  follow(
    partition: number,
    from: Position,
    signal: AbortSignal,
    options?: FollowOptions,
  ): AsyncIterable<readonly Entry[]>;
  end(partition: number): Promise<Position>;
  close(): Promise<void>;
}
