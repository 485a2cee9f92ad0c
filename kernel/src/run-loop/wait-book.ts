/**
 * Purpose: notes what a run waits for once no entry of it was applied for two seconds, and that it moves once it did for so long.
 * Owns: which runs are quiet, their counts, and when a note is written. Does not own: where notes are kept (`WaitNotes`), what a key means
 * (engine/wait-keys.ts).
 * Invariants:
 *   B1 To apply an entry costs the book one assignment, and one insertion if the run was quiet: what is hot is looked at, not computed.
 *   B2 A run whose state leaves memory has been computed.
 *   B3 A note is of the last two seconds and a half, or of before the run was quiet again. A run that has ended has none.
 * Nothing is read from here to decide anything about a run: a note that is refused is tried again, and nobody waits for it.
 */
import type { Clock, Logger, Position, RunKey, RunWaits, Timer } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';
import { waitKeysOf } from '../engine/wait-keys.js';
import type { LoopState } from './loop-state.js';
import type { WaitNote, WaitNotes } from './wait-notes.js';
import { type WaitSet, WaitSets } from './wait-sets.js';

const lookMs = 500;
/** Looks without an entry until a run counts as quiet: 2 to 2.5 seconds. */
const quietLooks = 5;
/** Runs whose waits are computed in one look, so that 100,000 runs that become quiet at once do not hold up the loop. */
const computedPerLook = 1_000;
const notesPerWrite = 500;

/** A live run with what the book knows of it. */
export interface WaitOwner extends RunKey {
  readonly run: Run | null;
  readonly position: Position;
  /** The look before its last entry; -1 if it has been quiet since it was looked at. */
  touched: number;
  /** What it waits for since its last entry, if that is computed before it is quiet. */
  knownWaits: WaitSet | null;
  /** What its note says, or will say. */
  notedWaits: WaitSet | null;
  /** Epoch milliseconds; 0 until its waits are first computed. */
  startedAt: number;
}

export interface WaitBookDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly loop: Pick<LoopState, 'isStopped' | 'isFenced' | 'drivesPartition'>;
  readonly runs: {
    find(runId: string): WaitOwner | undefined;
    readonly size: number;
    readonly quarantinedCount: number;
  };
  /** null: waits are only counted. */
  readonly notes: WaitNotes | null;
}

/** How many runs wait for what. */
export interface WaitCounts {
  readonly quiet: readonly { readonly keys: readonly string[]; readonly runs: number }[];
  /** Runs that have not been quiet for long. */
  readonly moving: number;
}

export class WaitBook {
  /** Runs that are not known to be quiet, with the look since when. */
  private readonly moving = new Map<WaitOwner, number>();
  private readonly sets = new WaitSets();
  /** Runs whose notes are to be written. */
  private readonly unwritten = new Set<WaitOwner>();
  private writing: Promise<void> | null = null;
  private looks = 0;
  private timer: Timer | null = null;
  private phase: 'catching_up' | 'live' | 'finishing' | 'stopped' = 'catching_up';
  private hasLearned = false;

  constructor(private readonly deps: WaitBookDeps) {}

  /** An entry of the run was applied, or its state was loaded for another reason. */
  touch(live: WaitOwner): void {
    if (live.touched < 0) this.begin(live);
    live.touched = this.looks;
    live.knownWaits = null;
  }

  /** A run as a takeover found it: nothing is known to have happened to it for long. */
  restored(live: WaitOwner, run: Run): void {
    this.compute(live, run);
    this.begin(live);
    live.touched = this.looks;
  }

  /** The state is about to leave memory. */
  leaving(live: WaitOwner, run: Run): void {
    if (live.touched >= 0) this.compute(live, run);
  }

  /** It has ended, or cannot be evaluated here. */
  forget(live: WaitOwner): void {
    this.moving.delete(live);
    live.touched = -1;
    live.knownWaits = null;
    this.note(live, null);
  }

  counts(): WaitCounts {
    const { size, quarantinedCount } = this.deps.runs;
    return { quiet: this.sets.counts(), moving: Math.max(0, size - quarantinedCount - this.sets.runs) };
  }

  /** The loop is live. */
  start(): void {
    this.phase = 'live';
    void this.learn().finally(() => this.plan());
  }

  /** From now on nothing is begun. */
  stop(): void {
    if (this.phase === 'live') this.phase = 'stopped';
    this.timer?.cancel();
    this.timer = null;
  }

  /** After `stop`: notes of runs that nobody may drive for long say how the loop left them. */
  async finish(): Promise<void> {
    await this.writing;
    if (this.deps.notes?.outliveLoop !== true || this.phase !== 'stopped') return;
    this.phase = 'finishing';
    for (const live of [...this.moving.keys()]) this.settle(live);
    await this.write();
    this.phase = 'stopped';
  }

  private begin(live: WaitOwner): void {
    this.moving.set(live, this.looks);
    this.plan();
  }

  private plan(): void {
    if (this.phase !== 'live' || this.timer !== null) return;
    if (this.hasLearned && this.moving.size + this.unwritten.size === 0) return;
    this.timer = this.deps.clock.after(lookMs, () => {
      this.timer = null;
      this.look();
    });
  }

  private look(): void {
    this.looks++;
    let left = computedPerLook;
    for (const [live, since] of this.moving) {
      const isQuiet = this.looks - live.touched >= quietLooks;
      if (isQuiet && live.knownWaits === null && left-- === 0) break;
      if (isQuiet) this.settle(live);
      else if (this.looks - since >= quietLooks) this.note(live, null);
    }
    void this.write();
    if (!this.hasLearned) void this.learn();
    this.plan();
  }

  private settle(live: WaitOwner): void {
    if (live.knownWaits === null && live.run !== null) this.compute(live, live.run);
    const waits = live.knownWaits;
    this.moving.delete(live);
    live.touched = -1;
    live.knownWaits = null;
    this.note(live, waits);
  }

  private compute(live: WaitOwner, run: Run): void {
    live.startedAt = run.state.request.at;
    live.knownWaits = this.sets.of(waitKeysOf(run));
  }

  private note(live: WaitOwner, found: WaitSet | null): void {
    const waits = found === null || found.keys.length === 0 ? null : found;
    if (waits?.text === live.notedWaits?.text) return;
    this.sets.move(live.notedWaits, waits);
    live.notedWaits = waits;
    if (this.deps.notes !== null) this.unwritten.add(live);
    if (this.phase === 'live') this.plan();
  }

  /** Takes over the notes of an earlier loop, so that equal ones are not written again and others do not stay. */
  private async learn(): Promise<void> {
    const { notes, log, loop } = this.deps;
    this.hasLearned = true;
    try {
      for await (const note of notes?.all() ?? []) {
        if (loop.isStopped) return;
        this.learnOne(note);
      }
    } catch (err) {
      this.hasLearned = false;
      if (!loop.isStopped) log.warn({ err }, 'what runs wait for cannot be read; it is read again');
    }
  }

  private learnOne({ tenant_id, run_id, started_at, waits }: RunWaits): void {
    const live = this.deps.runs.find(run_id);
    if (live === undefined || live.tenant_id !== tenant_id) {
      // Without the whole partition, it may be the run of another process.
      if (this.deps.loop.drivesPartition) this.unwritten.add(leftover({ tenant_id, run_id }));
      return;
    }
    if (live.notedWaits !== null || this.unwritten.has(live)) return;
    live.startedAt = started_at;
    live.notedWaits = this.sets.of(waits);
    this.sets.move(null, live.notedWaits);
    if (live.touched < 0) this.begin(live);
    live.touched = Math.max(live.touched, this.looks);
  }

  private write(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => {
      this.writing = null;
    });
    return this.writing;
  }

  /** What is refused is written after the next look. */
  private async writeAll(): Promise<void> {
    const { notes, loop, log } = this.deps;
    while (notes !== null && this.unwritten.size > 0 && this.phase !== 'stopped' && !loop.isFenced) {
      const batch = [...take(this.unwritten, notesPerWrite)];
      for (const live of batch) this.unwritten.delete(live);
      try {
        await notes.put(batch.map(noteOf));
      } catch (err) {
        for (const live of batch) this.unwritten.add(live);
        this.plan();
        if (!loop.isFenced)
          log.warn({ err, runs: batch.length }, 'what runs wait for was not noted; it is noted again');
        return;
      }
    }
  }
}

function noteOf({ tenant_id, run_id, position, startedAt, notedWaits }: WaitOwner): WaitNote {
  return { tenant_id, run_id, started_at: startedAt, position, waits: notedWaits?.keys ?? [] };
}

/** A run that an earlier loop noted and that has ended since. */
function leftover({ tenant_id, run_id }: RunKey): WaitOwner {
  const position = Number.MAX_SAFE_INTEGER;
  return { tenant_id, run_id, run: null, position, touched: -1, knownWaits: null, notedWaits: null, startedAt: 0 };
}

function* take<T>(items: Iterable<T>, count: number): Iterable<T> {
  let left = count;
  for (const item of items) {
    if (left-- === 0) return;
    yield item;
  }
}
