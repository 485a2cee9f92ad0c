/**
 * Purpose: snapshots of live runs in the key-value store, one key per run: `snapshots/<partition>/<run_id>`.
 * Owns: the size limit, one write at a time per run, the number of concurrent writes, deleting the snapshots of runs that are over.
 * Does not own: when a snapshot is taken. A refused write is counted and logged (`logRefused`), nothing more.
 * Invariant K1: the snapshot of a run that is over is never written again, and is deleted by the next `sweep`.
 */
import type { Json, JsonObject, KvStore, Logger, Position } from '@llmteam/contracts';
import { takeSnapshot } from '../engine/snapshot.js';
import type { RunSnapshot } from '../engine/snapshot-shape.js';
import type { Run } from '../engine/state.js';
import { forEachConcurrently } from './for-each-concurrently.js';
import type { LiveRun } from './live-run.js';
import type { LoopState } from './loop-state.js';
import { Refusals } from './refusals.js';

/** The loop that wrote a snapshot, and the checkpoint round it was written for. */
export interface Stamp {
  readonly generation: number;
  readonly round: number;
}

/** The value of a run's key. */
export interface StoredSnapshot extends Stamp {
  readonly tenant_id: string;
  readonly began: Position;
  readonly position: Position;
  /** null if it is too large or the run is not in memory: the history is read instead. */
  readonly state: RunSnapshot | null;
  /** Where the spans of a traced run stand. */
  readonly spans?: Json;
}

const largestStateBytes = 200_000;
/** No step state is shorter than this as JSON. */
const smallestStepBytes = 200;
const concurrentWrites = 64;
const keysPerPage = 500;

export class RunSnapshots {
  private hasRefused = false;
  private stamp: Stamp = { generation: 0, round: 0 };
  private readonly writing = new Map<LiveRun, Promise<boolean>>();
  private readonly toDelete = new Set<LiveRun>();
  private readonly notWritten: Refusals;
  private readonly notDeleted: Refusals;

  constructor(
    private readonly kv: KvStore,
    private readonly partition: number,
    private readonly loop: LoopState,
    log: Logger,
  ) {
    this.notWritten = new Refusals(log, 'snapshots of runs were not kept');
    this.notDeleted = new Refusals(log, 'snapshots of runs that are over were not removed');
  }

  /** A write of this generation was refused: it may still arrive at any time. */
  get hasFailed(): boolean {
    return this.hasRefused;
  }

  /** Starts over with a generation of its own, whose writes cannot be mistaken for earlier ones that arrive late. */
  async beginGeneration(generation: number): Promise<void> {
    this.hasRefused = false;
    await this.beginRound({ generation, round: 1 });
  }

  /** Stamps what is written from now on. Resolves once no write with the previous stamp is in flight. */
  async beginRound(stamp: Stamp): Promise<void> {
    this.stamp = stamp;
    await Promise.all(this.writing.values());
  }

  /** Whether snapshots wait to be deleted. */
  get hasLeftovers(): boolean {
    return this.toDelete.size > 0;
  }

  /** Writes the snapshots that are not current; false if any was refused. */
  async writeAll(runs: readonly LiveRun[]): Promise<boolean> {
    let all = true;
    await forEachConcurrently(concurrentWrites, runs, async (live) => {
      all = (await this.write(live)) && all;
    });
    this.logRefused();
    return all;
  }

  /** Logs the writes that were refused since the last call, in one line. */
  logRefused(): void {
    this.notWritten.log();
  }

  /** Takes a snapshot of the run as it stands, unless there is one. Returns false if it is refused; `logRefused` says so. */
  async write(live: LiveRun): Promise<boolean> {
    await this.writing.get(live);
    if (live.stage === 'over' || live.isSnapshotCurrent) return true;
    if (!this.loop.writesCheckpoints) return false;
    const known = this.writing.get(live);
    if (known !== undefined) return known;
    const write = this.put(live).finally(() => this.writing.delete(live));
    this.writing.set(live, write);
    return write;
  }

  private async put(live: LiveRun): Promise<boolean> {
    const { tenant_id, run_id, position, began } = live;
    live.snapshotStale();
    try {
      const state = live.run === null ? null : smallState(live.run);
      const spans = live.spans === null ? {} : { spans: live.spans.save() };
      const value: StoredSnapshot = { tenant_id, began, position, ...this.stamp, state, ...spans };
      await this.kv.put(this.keyOf(run_id), value as unknown as JsonObject);
      // Quarantined meanwhile: this state must not be restored.
      if (state === null || live.stage !== 'quarantined') live.snapshotWritten(position);
      return true;
    } catch (err) {
      this.hasRefused = true;
      this.notWritten.note(live.key, err);
      return false;
    }
  }

  /** The run's snapshot at its present position; null if there is none. */
  async read({ tenant_id, run_id, position }: LiveRun): Promise<RunSnapshot | null> {
    const found = await this.kv.get(this.keyOf(run_id));
    const stored = found === null ? null : storedSnapshot(found.value);
    return stored !== null && stored.position === position && stored.tenant_id === tenant_id ? stored.state : null;
  }

  /** The run is over: its snapshot goes with the next sweep. */
  scheduleDelete(live: LiveRun): void {
    if (live.mayHaveSnapshot && this.loop.writesCheckpoints) this.toDelete.add(live);
  }

  /** Deletes the snapshots of runs that are over; false if some are left. */
  async sweep(): Promise<boolean> {
    if (!this.loop.writesCheckpoints) this.toDelete.clear();
    await forEachConcurrently(concurrentWrites, [...this.toDelete], async (live) => {
      try {
        await this.writing.get(live);
        await this.kv.delete(this.keyOf(live.run_id));
        this.toDelete.delete(live);
      } catch (err) {
        this.notDeleted.note(live.key, err);
      }
    });
    this.notDeleted.log();
    return !this.hasLeftovers;
  }

  /** Every key of the partition; `stored` is null where the value is no snapshot. */
  async *all(): AsyncIterable<{ readonly run_id: string; readonly stored: StoredSnapshot | null }> {
    const prefix = this.keyOf('');
    for (let after: string | undefined; ; ) {
      const page = await this.kv.list(prefix, { ...(after !== undefined && { after }), limit: keysPerPage });
      for (const { key, value } of page) yield { run_id: key.slice(prefix.length), stored: storedSnapshot(value) };
      after = page.at(-1)?.key;
      if (after === undefined || page.length < keysPerPage) return;
    }
  }

  private keyOf(runId: string): string {
    return snapshotKey(this.partition, runId);
  }
}

/** The key of a run's snapshot. */
export function snapshotKey(partition: number, runId: string): string {
  return `snapshots/${partition}/${runId}`;
}

function smallState(run: Run): RunSnapshot | null {
  let steps = 0;
  for (const scope of run.state.scopes.values()) steps += scope.steps.size;
  if (steps * smallestStepBytes > largestStateBytes) return null;
  const state = takeSnapshot(run);
  return Buffer.byteLength(JSON.stringify(state)) <= largestStateBytes ? state : null;
}

/** Checks everything but the state, which is checked when it is restored. */
function storedSnapshot(value: unknown): StoredSnapshot | null {
  const { tenant_id, began, position, generation, round, state } = (value ?? {}) as Record<string, unknown>;
  const numbers = [began, position, generation, round].every((one) => Number.isSafeInteger(one));
  return numbers && typeof tenant_id === 'string' && typeof state === 'object' ? (value as StoredSnapshot) : null;
}
