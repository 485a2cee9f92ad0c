/**
 * Purpose: the states of long-lived runs in the registry, one key per run: `snapshots/<partition>/<run_id>`.
 * Owns: which state is small enough, one write at a time per run, how many at a time altogether, removing the keys of runs that are over.
 * Does not own: when a run is written. A refused write is told and logged (`tellRefused`), nothing more.
 * Invariant K1: a key of a run that is over is never written again, and is removed by the first `sweep` after that.
 */
import type { JsonObject, KvStore, Logger, Position } from '@llmteam/contracts';
import { takeSnapshot } from '../engine/snapshot.js';
import type { RunSnapshot } from '../engine/snapshot-shape.js';
import type { Run } from '../engine/state.js';
import { keptUnknown, type LiveRun, neverKept } from './live-run.js';
import { Refusals } from './refusals.js';
import { someAtATime } from './some-at-a-time.js';

/** Who wrote a snapshot, and for which of its checkpoints. */
export interface Stamp {
  readonly generation: number;
  readonly round: number;
}

export interface KeptRun extends Stamp {
  readonly tenant_id: string;
  readonly began: Position;
  readonly position: Position;
  /** null: too large, or not to be had. The history is read instead. */
  readonly state: RunSnapshot | null;
}

const largestStateBytes = 200_000;
/** No state of a step is shorter than this as JSON. */
const smallestStepBytes = 200;
const writesAtATime = 64;
const keysPerPage = 500;

export class RunSnapshots {
  /** A write was refused: it may still arrive, whenever. */
  hasFailed = false;
  private stamp: Stamp = { generation: 0, round: 0 };
  private isClosed = false;
  private readonly writing = new Map<LiveRun, Promise<boolean>>();
  private readonly doomed = new Set<LiveRun>();
  private readonly notKept: Refusals;
  private readonly notRemoved: Refusals;

  constructor(
    private readonly kv: KvStore,
    private readonly partition: number,
    log: Logger,
  ) {
    this.notKept = new Refusals(log, 'snapshots of runs were not kept');
    this.notRemoved = new Refusals(log, 'snapshots of runs that are over were not removed');
  }

  /** What is written from now on carries this stamp; resolves once no write with the one before is under way. */
  async beginRound(stamp: Stamp): Promise<void> {
    this.stamp = stamp;
    await Promise.all(this.writing.values());
  }

  /** Keys that are to be removed. */
  get leftovers(): number {
    return this.doomed.size;
  }

  async keepAll(runs: readonly LiveRun[]): Promise<boolean> {
    let all = true;
    await someAtATime(writesAtATime, runs, async (live) => {
      all = (await this.keep(live)) && all;
    });
    this.tellRefused();
    return all;
  }

  /** Logs, in one line, the runs that could not be kept since the last time. */
  tellRefused(): void {
    this.notKept.tell();
  }

  /** Keeps a run as it stands now, unless it is kept so already. False: it is not kept; whoever asked says so when it is through. */
  async keep(live: LiveRun): Promise<boolean> {
    await this.writing.get(live);
    if (live.stage === 'over' || live.kept === live.position) return true;
    if (this.isClosed) return false;
    const known = this.writing.get(live);
    if (known !== undefined) return known;
    const write = this.write(live).finally(() => this.writing.delete(live));
    this.writing.set(live, write);
    return write;
  }

  private async write(live: LiveRun): Promise<boolean> {
    const { tenant_id, run_id, position, began } = live;
    live.kept = keptUnknown;
    try {
      const state = live.run === null ? null : smallState(live.run);
      const value: KeptRun = { tenant_id, began, position, ...this.stamp, state };
      await this.kv.put(this.keyOf(run_id), value as unknown as JsonObject);
      live.kept = position;
      return true;
    } catch (err) {
      this.hasFailed = true;
      this.notKept.note(live, err);
      return false;
    }
  }

  /** null: there is none of that run at that position. */
  async read({ tenant_id, run_id, position }: LiveRun): Promise<RunSnapshot | null> {
    const found = await this.kv.get(this.keyOf(run_id));
    const kept = found === null ? null : keptRun(found.value);
    return kept !== null && kept.position === position && kept.tenant_id === tenant_id ? kept.state : null;
  }

  /** Nothing is written any more. */
  close(): void {
    this.isClosed = true;
    this.doomed.clear();
  }

  /** The run is over; its key goes with the next sweep. */
  doom(live: LiveRun): void {
    if (live.kept !== neverKept && !this.isClosed) this.doomed.add(live);
  }

  /** False: some keys are still there. */
  async sweep(): Promise<boolean> {
    await someAtATime(writesAtATime, [...this.doomed], async (live) => {
      try {
        await this.writing.get(live);
        await this.kv.delete(this.keyOf(live.run_id));
        this.doomed.delete(live);
      } catch (err) {
        this.notRemoved.note(live, err);
      }
    });
    this.notRemoved.tell();
    return this.doomed.size === 0;
  }

  /** Every key of the partition; null for a value that no snapshot is. */
  async *all(): AsyncIterable<{ readonly run_id: string; readonly kept: KeptRun | null }> {
    const prefix = this.keyOf('');
    for (let after: string | undefined; ; ) {
      const page = await this.kv.list(prefix, { ...(after !== undefined && { after }), limit: keysPerPage });
      for (const { key, value } of page) yield { run_id: key.slice(prefix.length), kept: keptRun(value) };
      after = page.at(-1)?.key;
      if (after === undefined || page.length < keysPerPage) return;
    }
  }

  private keyOf(runId: string): string {
    return `snapshots/${this.partition}/${runId}`;
  }
}

function smallState(run: Run): RunSnapshot | null {
  let steps = 0;
  for (const scope of run.state.scopes.values()) steps += scope.steps.size;
  if (steps * smallestStepBytes > largestStateBytes) return null;
  const state = takeSnapshot(run);
  return Buffer.byteLength(JSON.stringify(state)) <= largestStateBytes ? state : null;
}

/** What a snapshot says beside the state, which is looked at when it is thawed. */
function keptRun(value: unknown): KeptRun | null {
  const { tenant_id, began, position, generation, round, state } = (value ?? {}) as Record<string, unknown>;
  const numbers = [began, position, generation, round].every((one) => Number.isSafeInteger(one));
  return numbers && typeof tenant_id === 'string' && typeof state === 'object' ? (value as KeptRun) : null;
}
