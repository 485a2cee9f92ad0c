import type { Fact } from '../facts.js';

/** Identifies a run within its tenant; no store looks anything up by id alone. */
export interface RunKey {
  readonly tenant_id: string;
  readonly run_id: string;
}

/** Position of an entry in its partition: starts at 1 and increases, possibly with gaps. 0 is before the first. */
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

/** A stored message that cannot be read: not what `append` writes, damaged, or without its large values. */
export interface UnreadableMessage {
  /** Of the last entry that it held, as far as can be known. */
  readonly position: Position;
  /** The runs whose entries it held; empty if that cannot be known. */
  readonly runs: readonly RunKey[];
  /** Why it cannot be read, without its content. */
  readonly reason: string;
}

export interface FollowOptions {
  /** `run_level`: facts that are not in `runLevelFacts` may be left out. Default: every entry. */
  readonly only?: 'run_level';
  /** Called for each message that cannot be read (J10). Must not throw. */
  readonly unreadable?: (message: UnreadableMessage) => void;
}

/**
 * The event log: one ordered history per run, spread over partitions. Laws:
 *
 * - J1 `append` resolves once the entries are stored as durably as `supports.durable` promises; no entry of a rejected
 *   append is visible.
 * - J2 The entries of one append are written atomically and contiguously in the run's history.
 * - J3 An entry whose message id is already in the history is not written again, and the position of the first is
 *   returned; the other entries of the append are written. The deduplication window is at least the last 10,000 entries
 *   of a partition, including with concurrent writers and after a reopen.
 * - J4 `read` yields a run's history in order of `position`, nothing for an unknown run; entries are copies.
 * - J5 `follow` yields every entry of the partition after `from`, in order, without gaps or repeats, then stays live until
 *   `signal` aborts or the journal closes; it yields one empty batch once it has caught up with the entries that existed
 *   when it started. With `only: 'run_level'` the same holds for run-level facts; whether others are included is
 *   unspecified.
 * - J6 Facts round-trip as JSON: a reader sees `JSON.parse(JSON.stringify(fact))`.
 * - J8 `end` returns the position of the last entry of the partition, 0 if there is none.
 * - J9 `remove` deletes the entries of a run, or only the appends before the one with position `before`: once it resolves,
 *   nobody reads or follows them any more, also after a reopen. Entries of other runs and positions stay as they are; an
 *   unknown run is a no-op. A caller that dies in between may have to repeat it.
 *   Whether a message id of a removed entry is still in the deduplication window is unspecified.
 * - J10 A message that cannot be read concerns its runs alone. `follow` leaves it out and goes on; it calls `unreadable` after
 *   everything before the message was yielded, and before anything after it is. `read` of one of its runs yields what comes before it and
 *   then rejects with `STORE_CORRUPT` or `BLOB_MISSING`. `append`, `end` and `remove` do not mind it.
 * - J7 After `close` every method rejects with `CLOSED`; `close` is idempotent.
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
  remove(run: RunKey, before?: Position): Promise<void>;
  close(): Promise<void>;
}
