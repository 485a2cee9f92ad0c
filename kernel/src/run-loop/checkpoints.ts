/**
 * Purpose: where a takeover may begin: `checkpoints/<partition>` in the key-value store, and when it moves on.
 * Owns: rounds, and who may move the checkpoint. Does not own: writing snapshots (run-snapshots.ts), what a takeover does with them.
 *
 * A round takes snapshots of the live runs that began before the previous round and have no current one; then it moves the position to
 * where the loop stood when the previous round began. So a run that ends between two rounds costs no write.
 *
 * Invariants:
 *   K2 Every live run that began at or before `position` has a snapshot key.
 *   K3 A trusted snapshot tells all that had happened to its run up to `position`, and its run is not over before it.
 *   K4 A snapshot is trusted if the round it was written for moved the position. Each takeover claims a generation of its own, so the
 *      rounds of two loops are never confused, and only the last to claim moves the position.
 * A stale snapshot costs time, not correctness: the history of its run is replayed.
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
import type { SpanOutbox } from '../tracing/span-outbox.js';
import type { LiveRuns } from './live-runs.js';
import type { LoopProgress, Reached } from './loop-progress.js';
import type { LoopState } from './loop-state.js';
import type { Projection } from './projection.js';
import type { RunSnapshots, Stamp } from './run-snapshots.js';

/** Changes when an older reader would misread it. A checkpoint of another format is ignored. */
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
  /** The last round of each generation that moved the position. */
  readonly rounds: Readonly<Record<string, number>>;
}

export interface CheckpointDeps {
  readonly kv: KvStore;
  readonly partition: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly loop: LoopState;
  readonly progress: LoopProgress;
  readonly runs: LiveRuns;
  readonly snapshots: RunSnapshots;
  readonly projection: Projection;
  /** null: no spans are exported. */
  readonly outbox: SpanOutbox | null;
  /** Entries after which a round begins. */
  readonly everyEntries: number;
  /** Time after which a round begins if anything changed. */
  readonly intervalMs: number;
}

const beginning: Checkpoint = { format, position: 0, at: 0, writer: '', generation: 0, rounds: {} };

export class Checkpoints {
  private readonly writer = randomUUID();
  private kept: Checkpoint = beginning;
  private revision = 0;
  private stamp: Stamp = { generation: 0, round: 0 };
  /** Where the loop stood when the last round began. */
  private mark: Reached = beginning;
  private entries = 0;
  /** Generations of the snapshots the takeover found. */
  private readonly generations = new Set<number>();
  /** The takeover found stale snapshots. */
  private hasStale = false;
  private lastRoundAt = Number.NEGATIVE_INFINITY;
  private timer: Timer | null = null;
  private round: Promise<void> | null = null;

  constructor(private readonly deps: CheckpointDeps) {}

  get key(): string {
    return `checkpoints/${this.deps.partition}`;
  }

  /** Makes this loop the only writer from here on; returns the checkpoint it found. */
  async claim(): Promise<Checkpoint> {
    const { kv, snapshots } = this.deps;
    for (;;) {
      const found = await kv.get(this.key);
      const previous = found === null ? beginning : (checkpointOf(found.value) ?? beginning);
      const claimed = { ...previous, writer: this.writer, generation: previous.generation + 1 };
      if (!(await this.write(claimed, found?.revision ?? 0))) continue;
      this.stamp = { generation: claimed.generation, round: 1 };
      await snapshots.beginGeneration(claimed.generation);
      return previous;
    }
  }

  isTrusted({ generation, round }: Stamp): boolean {
    return round <= (this.kept.rounds[generation] ?? 0);
  }

  noteGeneration(generation: number): void {
    this.generations.add(generation);
  }

  /** The takeover is done: rounds of generations without a snapshot are forgotten. */
  begin(): void {
    const rounds = Object.entries(this.kept.rounds).filter(([generation]) => this.generations.has(Number(generation)));
    this.kept = { ...this.kept, rounds: Object.fromEntries(rounds) };
    this.mark = this.reached();
    this.hasStale = this.deps.runs.withoutSnapshot(this.mark.position).length > 0;
    this.planRound();
  }

  /** Nothing that was read can be trusted: the position is at the beginning again. */
  forget(): Checkpoint {
    this.kept = { ...this.kept, position: 0, at: 0, rounds: {} };
    return this.kept;
  }

  noteEntries(count: number): void {
    this.entries += count;
    this.planRound();
  }

  /** The last round, once the loop is stopped: takes a snapshot of every live run and moves the position to where the loop stands. */
  async finish(): Promise<void> {
    await this.round;
    this.mark = this.reached();
    if (this.deps.loop.writesCheckpoints && this.isBehind()) await this.moveOn();
  }

  stop(): void {
    this.timer?.cancel();
    this.timer = null;
  }

  private reached(): Reached {
    const { position, at } = this.deps.progress;
    return { position, at };
  }

  private isBehind(): boolean {
    const { progress, snapshots } = this.deps;
    return this.kept.position !== progress.position || snapshots.hasLeftovers || this.hasStale;
  }

  private planRound(): void {
    const { loop, clock, everyEntries, intervalMs } = this.deps;
    if (loop.isStopped || !loop.writesCheckpoints || this.round !== null) return;
    const sinceLast = clock.now() - this.lastRoundAt;
    if (this.entries >= everyEntries && sinceLast >= intervalMs / 5) this.beginRound();
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

  /** One round. A refusal leaves the position where it is; the next round tries again. */
  private async moveOn(): Promise<void> {
    const { log, loop, partition } = this.deps;
    const target = this.mark;
    if (!loop.isStopped) this.mark = this.reached();
    try {
      if (await this.tryRound(target)) return;
      log.warn({ partition }, 'the checkpoint stays where it is; a takeover will take longer');
    } catch (err) {
      if (err instanceof Superseded) {
        loop.supersede();
        this.stop();
        log.info({ partition }, 'another loop writes the checkpoints of this partition now');
      } else {
        log.warn({ err, partition }, 'the checkpoint stays where it is; a takeover will take longer');
      }
    }
  }

  private async tryRound(target: Reached): Promise<boolean> {
    const { runs, snapshots, projection, outbox } = this.deps;
    // A takeover derives no spans from before the checkpoint.
    await outbox?.flush();
    if (snapshots.hasFailed) await this.claimAgain();
    const { generation, round } = this.stamp;
    const isWritten = await snapshots.writeAll(runs.withoutSnapshot(target.position));
    this.stamp = { generation, round: round + 1 };
    await snapshots.beginRound(this.stamp);
    const isIndexed = await projection.flush();
    const isSwept = await snapshots.sweep();
    if (!isWritten || snapshots.hasFailed || !isIndexed || !isSwept) return false;
    const rounds = { ...this.kept.rounds, [generation]: round };
    await this.writeOwn({ ...this.kept, ...target, generation, rounds });
    this.hasStale = false;
    return true;
  }

  /** Refused writes may arrive late; a new generation tells them from those that were not refused. */
  private async claimAgain(): Promise<void> {
    const generation = this.stamp.generation + 1;
    await this.writeOwn({ ...this.kept, generation });
    this.stamp = { generation, round: 1 };
    await this.deps.snapshots.beginGeneration(generation);
  }

  /** @throws Superseded if another loop has written since */
  private async writeOwn(checkpoint: Checkpoint): Promise<void> {
    if (await this.write(checkpoint, this.revision)) return;
    // A write whose acknowledgement was lost is found as the present one.
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

/** Returns null for a value of another format. */
function checkpointOf(value: unknown): Checkpoint | null {
  const { format: writtenAs, position, at, writer, generation, rounds } = (value ?? {}) as Record<string, unknown>;
  if (writtenAs !== format || typeof writer !== 'string' || typeof rounds !== 'object' || rounds === null) return null;
  const numbers = [position, at, generation, ...Object.values(rounds)];
  return numbers.every((one) => Number.isSafeInteger(one)) ? (value as Checkpoint) : null;
}
