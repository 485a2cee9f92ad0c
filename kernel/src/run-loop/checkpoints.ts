/**
 * Purpose: where a takeover may begin: `checkpoints/<partition>` in the registry, and when it moves on.
 * Owns: rounds, and who may move it. Does not own: how a run is kept (run-snapshots.ts), what a takeover does with it.
 *
 * A round keeps the runs that began before the round before it began, and are still live and not kept as they stand; then it moves
 * the position to where the loop stood when the round before began. So a run that ends between two rounds costs no write.
 *
 * Invariants:
 *   K2 Every live run that began at or before `position` has a key.
 *   K3 A key that is trusted tells all that had happened to its run up to `position`, and its run is not over before it.
 *   K4 A key is trusted if the round it was written for moved the position. Whoever takes over claims a generation of its own, so
 *      rounds of two loops are never taken for each other, and only the last to claim moves the position.
 * A key that is not trusted costs time, not truth: the history of its run is read.
 */
import { randomUUID } from 'node:crypto';
import {
  type Clock,
  isLlmteamError,
  type JsonObject,
  type KvStore,
  type Logger,
  type Position,
  type Timer,
} from '@llmteam/contracts';
import type { LiveRun } from './live-run.js';
import type { RunSnapshots, Stamp } from './run-snapshots.js';

/** Changes when a reader of today would misread it. A checkpoint of another format is none. */
const format = 2;

export interface Checkpoint {
  readonly format: typeof format;
  readonly position: Position;
  /** The latest time of an entry up to there; epoch milliseconds. */
  readonly at: number;
  /** The loop that claimed last. */
  readonly writer: string;
  /** How often it has been claimed. */
  readonly generation: number;
  /** By generation, the last round that moved the position. */
  readonly rounds: Readonly<Record<string, number>>;
}

export interface CheckpointDeps {
  readonly kv: KvStore;
  readonly partition: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly snapshots: RunSnapshots;
  /** Live runs that began at or before a position and are not kept as they stand. */
  readonly unkept: (beganBy: Position) => readonly LiveRun[];
  /** Where the loop stands. */
  readonly reached: () => { readonly position: Position; readonly at: number };
  /** Resolves once the lists know what the loop has applied; false: they do not. */
  readonly tellLists: () => Promise<boolean>;
  /** Another loop has taken over: this one writes nothing any more. */
  readonly onSuperseded: () => void;
  /** Entries after which a round begins. */
  readonly every: number;
  /** Time after which a round begins if anything changed. */
  readonly intervalMs: number;
}

type Reached = ReturnType<CheckpointDeps['reached']>;

const beginning: Checkpoint = { format, position: 0, at: 0, writer: '', generation: 0, rounds: {} };

export class Checkpoints {
  private readonly writer = randomUUID();
  private kept: Checkpoint = beginning;
  private revision = 0;
  private stamp: Stamp = { generation: 0, round: 0 };
  /** Where the loop stood when the last round began. */
  private mark: Reached = beginning;
  private entries = 0;
  /** The takeover found keys that are not worth what they should be. */
  private hasUnkept = false;
  private lastRoundAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | null = null;
  private round: Promise<void> | null = null;
  private isStopped = false;
  private isSuperseded = false;

  constructor(private readonly deps: CheckpointDeps) {}

  get key(): string {
    return `checkpoints/${this.deps.partition}`;
  }

  /** Makes this loop the one that writes from here on; answers what was there. */
  async claim(): Promise<Checkpoint> {
    const { kv, snapshots } = this.deps;
    for (;;) {
      const found = await kv.get(this.key);
      const previous = found === null ? beginning : (checkpointOf(found.value) ?? beginning);
      const claimed = { ...previous, writer: this.writer, generation: previous.generation + 1 };
      if (!(await this.write(claimed, found?.revision ?? 0))) continue;
      this.stamp = { generation: claimed.generation, round: 1 };
      snapshots.hasFailed = false;
      await snapshots.beginRound(this.stamp);
      return previous;
    }
  }

  isTrusted({ generation, round }: Stamp): boolean {
    return round <= (this.kept.rounds[generation] ?? 0);
  }

  /** The takeover is through: every key it found was of one of these generations. */
  begin(generations: ReadonlySet<number>): void {
    const rounds = Object.entries(this.kept.rounds).filter(([generation]) => generations.has(Number(generation)));
    this.kept = { ...this.kept, rounds: Object.fromEntries(rounds) };
    this.mark = this.deps.reached();
    this.hasUnkept = this.deps.unkept(this.mark.position).length > 0;
    this.planRound();
  }

  /** Nothing that was read can be relied on: the position is at the beginning again. */
  forget(): Checkpoint {
    this.kept = { ...this.kept, position: 0, at: 0, rounds: {} };
    return this.kept;
  }

  noteEntries(count: number): void {
    this.entries += count;
    this.planRound();
  }

  /** The last round: everything that is live is kept, and the position moves to where the loop stands. */
  async finish(): Promise<void> {
    this.stop();
    await this.round;
    this.mark = this.deps.reached();
    if (!this.isSuperseded && this.isBehind()) await this.moveOn();
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    this.timer = null;
  }

  private isBehind(): boolean {
    const { reached, snapshots } = this.deps;
    return this.kept.position !== reached().position || snapshots.leftovers > 0 || this.hasUnkept;
  }

  private planRound(): void {
    if (this.isStopped || this.round !== null) return;
    const { clock, every, intervalMs } = this.deps;
    const sinceLast = clock.now() - this.lastRoundAt;
    if (this.entries >= every && sinceLast >= intervalMs / 5) this.beginRound();
    else if (this.timer === null && this.isBehind()) {
      this.timer = clock.after(intervalMs, () => {
        this.timer = null;
        if (this.round === null) this.beginRound();
      });
    }
  }

  private beginRound(): void {
    this.entries = 0;
    this.lastRoundAt = this.deps.clock.now();
    this.timer?.cancel();
    this.timer = null;
    this.round = this.moveOn().finally(() => {
      this.round = null;
      this.planRound();
    });
  }

  /** One round. Whatever is refused leaves the position where it is; the next round tries again. */
  private async moveOn(): Promise<void> {
    const { log, partition, onSuperseded } = this.deps;
    const target = this.mark;
    if (!this.isStopped) this.mark = this.deps.reached();
    try {
      if (await this.tryRound(target)) return;
      log.warn({ partition }, 'the checkpoint stays where it is; a takeover will take longer');
    } catch (err) {
      this.isSuperseded = err instanceof Superseded;
      if (this.isSuperseded) {
        this.stop();
        log.info({ partition }, 'another loop writes the checkpoints of this partition now');
        onSuperseded();
      } else {
        log.warn({ err, partition }, 'the checkpoint stays where it is; a takeover will take longer');
      }
    }
  }

  private async tryRound(target: Reached): Promise<boolean> {
    const { snapshots, unkept, tellLists } = this.deps;
    if (snapshots.hasFailed) await this.claimAgain();
    const { generation, round } = this.stamp;
    const allKept = await snapshots.keepAll(unkept(target.position));
    this.stamp = { generation, round: round + 1 };
    await snapshots.beginRound(this.stamp);
    const isTold = await tellLists();
    const isSwept = await snapshots.sweep();
    if (!allKept || snapshots.hasFailed || !isTold || !isSwept) return false;
    const rounds = { ...this.kept.rounds, [generation]: round };
    await this.writeOwn({ ...this.kept, ...target, generation, rounds });
    this.hasUnkept = false;
    return true;
  }

  /** Writes that were refused may arrive late; with a generation of their own they are told from those that were not. */
  private async claimAgain(): Promise<void> {
    const generation = this.stamp.generation + 1;
    await this.writeOwn({ ...this.kept, generation });
    this.stamp = { generation, round: 1 };
    this.deps.snapshots.hasFailed = false;
    await this.deps.snapshots.beginRound(this.stamp);
  }

  /** @throws Superseded if another loop has written since */
  private async writeOwn(checkpoint: Checkpoint): Promise<void> {
    if (await this.write(checkpoint, this.revision)) return;
    // A write whose answer was lost is found as the present one.
    const present = await this.deps.kv.get(this.key);
    const isOwn = present !== null && checkpointOf(present.value)?.writer === this.writer;
    if (!isOwn || !(await this.write(checkpoint, present.revision))) throw new Superseded();
  }

  private async write(checkpoint: Checkpoint, ifRevision: number): Promise<boolean> {
    try {
      this.revision = await this.deps.kv.put(this.key, checkpoint as unknown as JsonObject, { ifRevision });
      this.kept = checkpoint;
      return true;
    } catch (error) {
      if (isLlmteamError(error) && error.code === 'REVISION_CONFLICT') return false;
      throw error;
    }
  }
}

class Superseded extends Error {}

/** null: it is none of this format. */
function checkpointOf(value: unknown): Checkpoint | null {
  const { format: writtenAs, position, at, writer, generation, rounds } = (value ?? {}) as Record<string, unknown>;
  if (writtenAs !== format || typeof writer !== 'string' || typeof rounds !== 'object' || rounds === null) return null;
  const numbers = [position, at, generation, ...Object.values(rounds)];
  return numbers.every((one) => Number.isSafeInteger(one)) ? (value as Checkpoint) : null;
}
