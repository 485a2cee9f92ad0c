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
  is_llmteam_error,
  type JsonObject,
  type Logger,
  type Position,
  type Registry,
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

export interface CheckpointPorts {
  readonly registry: Registry;
  readonly partition: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly snapshots: RunSnapshots;
  /** Live runs that began at or before a position and are not kept as they stand. */
  readonly unkept: (began_by: Position) => readonly LiveRun[];
  /** Where the loop stands. */
  readonly reached: () => { readonly position: Position; readonly at: number };
  /** Resolves once the lists know what the loop has applied; false: they do not. */
  readonly tell_lists: () => Promise<boolean>;
  /** Another loop has taken over: this one writes nothing any more. */
  readonly on_superseded: () => void;
  /** Entries after which a round begins. */
  readonly every: number;
  /** Time after which a round begins if anything changed. */
  readonly interval_ms: number;
}

type Reached = ReturnType<CheckpointPorts['reached']>;

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
  private has_unkept = false;
  private last_round_at = Number.NEGATIVE_INFINITY;
  private timer: Timer | null = null;
  private round: Promise<void> | null = null;
  private is_stopped = false;
  private is_superseded = false;

  constructor(private readonly ports: CheckpointPorts) {}

  get key(): string {
    return `checkpoints/${this.ports.partition}`;
  }

  /** Makes this loop the one that writes from here on; answers what was there. */
  async claim(): Promise<Checkpoint> {
    const { registry, snapshots } = this.ports;
    for (;;) {
      const found = await registry.get(this.key);
      const previous = found === null ? beginning : (checkpoint_of(found.value) ?? beginning);
      const claimed = { ...previous, writer: this.writer, generation: previous.generation + 1 };
      if (!(await this.write(claimed, found?.revision ?? 0))) continue;
      this.stamp = { generation: claimed.generation, round: 1 };
      snapshots.has_failed = false;
      await snapshots.begin_round(this.stamp);
      return previous;
    }
  }

  is_trusted({ generation, round }: Stamp): boolean {
    return round <= (this.kept.rounds[generation] ?? 0);
  }

  /** The takeover is through: every key it found was of one of these generations. */
  begin(generations: ReadonlySet<number>): void {
    const rounds = Object.entries(this.kept.rounds).filter(([generation]) => generations.has(Number(generation)));
    this.kept = { ...this.kept, rounds: Object.fromEntries(rounds) };
    this.mark = this.ports.reached();
    this.has_unkept = this.ports.unkept(this.mark.position).length > 0;
    this.plan_round();
  }

  /** Nothing that was read can be relied on: the position is at the beginning again. */
  forget(): Checkpoint {
    this.kept = { ...this.kept, position: 0, at: 0, rounds: {} };
    return this.kept;
  }

  note_entries(count: number): void {
    this.entries += count;
    this.plan_round();
  }

  /** The last round: everything that is live is kept, and the position moves to where the loop stands. */
  async finish(): Promise<void> {
    this.stop();
    await this.round;
    this.mark = this.ports.reached();
    if (!this.is_superseded && this.is_behind()) await this.move_on();
  }

  stop(): void {
    this.is_stopped = true;
    this.timer?.cancel();
    this.timer = null;
  }

  private is_behind(): boolean {
    const { reached, snapshots } = this.ports;
    return this.kept.position !== reached().position || snapshots.leftovers > 0 || this.has_unkept;
  }

  private plan_round(): void {
    if (this.is_stopped || this.round !== null) return;
    const { clock, every, interval_ms } = this.ports;
    const since_last = clock.now() - this.last_round_at;
    if (this.entries >= every && since_last >= interval_ms / 5) this.begin_round();
    else if (this.timer === null && this.is_behind()) {
      this.timer = clock.after(interval_ms, () => {
        this.timer = null;
        if (this.round === null) this.begin_round();
      });
    }
  }

  private begin_round(): void {
    this.entries = 0;
    this.last_round_at = this.ports.clock.now();
    this.timer?.cancel();
    this.timer = null;
    this.round = this.move_on().finally(() => {
      this.round = null;
      this.plan_round();
    });
  }

  /** One round. Whatever is refused leaves the position where it is; the next round tries again. */
  private async move_on(): Promise<void> {
    const { log, partition, on_superseded } = this.ports;
    const target = this.mark;
    if (!this.is_stopped) this.mark = this.ports.reached();
    try {
      if (await this.try_round(target)) return;
      log.warn({ partition }, 'the checkpoint stays where it is; a takeover will take longer');
    } catch (err) {
      this.is_superseded = err instanceof Superseded;
      if (this.is_superseded) {
        this.stop();
        log.info({ partition }, 'another loop writes the checkpoints of this partition now');
        on_superseded();
      } else {
        log.warn({ err, partition }, 'the checkpoint stays where it is; a takeover will take longer');
      }
    }
  }

  private async try_round(target: Reached): Promise<boolean> {
    const { snapshots, unkept, tell_lists } = this.ports;
    if (snapshots.has_failed) await this.claim_again();
    const { generation, round } = this.stamp;
    const all_kept = await snapshots.keep_all(unkept(target.position));
    this.stamp = { generation, round: round + 1 };
    await snapshots.begin_round(this.stamp);
    const is_told = await tell_lists();
    const is_swept = await snapshots.sweep();
    if (!all_kept || snapshots.has_failed || !is_told || !is_swept) return false;
    const rounds = { ...this.kept.rounds, [generation]: round };
    await this.write_own({ ...this.kept, ...target, generation, rounds });
    this.has_unkept = false;
    return true;
  }

  /** Writes that were refused may arrive late; with a generation of their own they are told from those that were not. */
  private async claim_again(): Promise<void> {
    const generation = this.stamp.generation + 1;
    await this.write_own({ ...this.kept, generation });
    this.stamp = { generation, round: 1 };
    this.ports.snapshots.has_failed = false;
    await this.ports.snapshots.begin_round(this.stamp);
  }

  /** @throws Superseded if another loop has written since */
  private async write_own(checkpoint: Checkpoint): Promise<void> {
    if (await this.write(checkpoint, this.revision)) return;
    // A write whose answer was lost is found as the present one.
    const present = await this.ports.registry.get(this.key);
    const is_own = present !== null && checkpoint_of(present.value)?.writer === this.writer;
    if (!is_own || !(await this.write(checkpoint, present.revision))) throw new Superseded();
  }

  private async write(checkpoint: Checkpoint, if_revision: number): Promise<boolean> {
    try {
      this.revision = await this.ports.registry.put(this.key, checkpoint as unknown as JsonObject, { if_revision });
      this.kept = checkpoint;
      return true;
    } catch (error) {
      if (is_llmteam_error(error) && error.code === 'REVISION_CONFLICT') return false;
      throw error;
    }
  }
}

class Superseded extends Error {}

/** null: it is none of this format. */
function checkpoint_of(value: unknown): Checkpoint | null {
  const { format: written_as, position, at, writer, generation, rounds } = (value ?? {}) as Record<string, unknown>;
  if (written_as !== format || typeof writer !== 'string' || typeof rounds !== 'object' || rounds === null) return null;
  const numbers = [position, at, generation, ...Object.values(rounds)];
  return numbers.every((one) => Number.isSafeInteger(one)) ? (value as Checkpoint) : null;
}
