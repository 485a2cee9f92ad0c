/**
 * Purpose: the shell of one partition: follow the journal, evolve its runs, perform the effects, keep checkpoints.
 * Owns: taking over and stopping; the one place where it suspends between entries is `next batch` (and loading a state).
 * Does not own: any decision about a run.
 * Invariants:
 *   L1 No effect is performed before the loop has caught up with the end of the journal as it was when it began.
 *   L2 Then every outstanding effect of every live run is performed once more. (Of a run that only waits these are its timers: that
 *      its tasks are listed is part of the checkpoint, K3.)
 *   L3 A run that cannot be evaluated is given up alone.
 *   L4 Once `stop` was called no effect is begun, whatever was under way.
 */
import {
  type Clock,
  type Entry,
  type JobQueue,
  type Journal,
  type KvStore,
  LlmteamError,
  type Logger,
  type Position,
  type PubSub,
  type RunKey,
} from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import type { SegmentStore } from '../definitions/segment-store.js';
import { Checkpoints } from './checkpoints.js';
import { EffectsPerformer } from './effects-performer.js';
import { type LiveRun, liveRun } from './live-run.js';
import { LiveRuns } from './live-runs.js';
import { projectRun } from './project-run.js';
import { type Lists, Projection } from './projection.js';
import { Redispatch } from './redispatch.js';
import { Retry } from './retry.js';
import { RunDriver } from './run-driver.js';
import { RunSnapshots } from './run-snapshots.js';
import { someAtATime } from './some-at-a-time.js';
import { StopSignal } from './stop-signal.js';
import { Takeover } from './takeover.js';
import { TimerHeap } from './timer-heap.js';
import { type RunWatcher, Watchers } from './watchers.js';

export interface PartitionLoopOptions {
  readonly partition: number;
  readonly journal: Journal;
  readonly queue: JobQueue;
  readonly pubSub: PubSub;
  readonly kv: KvStore;
  /** Who is told of runs and human tasks: a run index, or a `TaskFeed`. */
  readonly lists: Lists;
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** States kept in memory, as far as idle runs allow. Default 500; 20,000 where no snapshots are kept. */
  readonly maxResidentRuns?: number;
  /** How long the store may refuse an append before the loop gives up. Default: for ever. */
  readonly storePatienceMs?: number;
  /** Entries after which a checkpoint is due. Default 10,000. */
  readonly checkpointEvery?: number;
  /** Time after which a checkpoint is due, if anything changed. Default 5,000. */
  readonly checkpointIntervalMs?: number;
  /** Jobs that were not reported after this time are published again, for queues that may lose them. Default: never. */
  readonly redispatchAfterMs?: number;
  /** Told once when the loop cannot go on. */
  readonly onFailure: (error: unknown) => void;
}

/** How a loop stands, for metrics. */
export interface LoopStatus {
  /** Caught up once, and performing effects. */
  readonly isLive: boolean;
  /** The last entry applied. */
  readonly position: Position;
  readonly liveRuns: number;
  /** Live runs whose states are in memory. */
  readonly residentRuns: number;
  /** Armed. Of a run whose state is not in memory it is the next one only. */
  readonly timers: number;
  readonly entriesApplied: number;
  /** Of these, what meant nothing: repeats, and facts of runs that are over. */
  readonly entriesIgnored: number;
}

const loadsAtATime = 32;

export class PartitionLoop {
  private readonly runs: LiveRuns;
  private readonly snapshots: RunSnapshots;
  private readonly timers: TimerHeap;
  private readonly performer: EffectsPerformer;
  private readonly projection: Projection;
  private readonly redispatcher: Redispatch;
  private readonly retry: Retry;
  private readonly watchers = new Watchers();
  private readonly stopping = new StopSignal();
  private readonly driver: RunDriver;
  /** null: this loop does not drive all of the partition's runs. */
  private checkpoints: Checkpoints | null = null;
  /** Whose snapshots the takeover found. */
  private generations: ReadonlySet<number> = new Set();
  private position: Position = 0;
  private applied = 0;
  /** Nothing is written any more. */
  private isFenced = false;
  private finished: Promise<void> = Promise.resolve();

  constructor(private readonly options: PartitionLoopOptions) {
    const { clock, log, journal, definitions, kv, partition, lists } = options;
    this.retry = new Retry(clock, log, options.storePatienceMs ?? Number.POSITIVE_INFINITY, options.onFailure);
    this.snapshots = new RunSnapshots(kv, partition, log);
    this.runs = new LiveRuns({
      journal,
      definitions,
      snapshots: this.snapshots,
      maxResident: options.maxResidentRuns,
      onLeave: (live, run) => this.driver.rest(live, run),
      onReturn: (live, run) => this.driver.goOn(live, run),
    });
    this.timers = new TimerHeap(clock, (run, timer) => this.fire(run, timer));
    this.projection = new Projection(lists, partition, log);
    this.performer = new EffectsPerformer({
      ...options,
      timers: this.timers,
      retry: this.retry,
      showTask: (task) => this.projection.noteTask(task),
    });
    this.redispatcher = new Redispatch(
      { clock, inFlight: () => this.runs.inFlight(), publish: (jobs) => this.performer.publish(jobs) },
      options.redispatchAfterMs,
    );
    const { runs, snapshots, timers, performer, projection, watchers, retry, stopping } = this;
    const parts = { runs, snapshots, timers, performer, projection, watchers, retry, stopping };
    this.driver = new RunDriver({ journal, definitions, log, ...parts });
  }

  /**
   * Takes over every run of the partition; resolves once the loop is caught up and live.
   * @throws LlmteamError `STORE_CORRUPT` if the journal is shorter than it was, `CLOSED` if the loop was stopped meanwhile
   */
  async takeOver(): Promise<void> {
    const { runs, snapshots, timers, driver } = this;
    const { journal, partition } = this.options;
    const checkpoints = this.makeCheckpoints();
    this.checkpoints = checkpoints;
    runs.keepsSnapshots = true;
    driver.drivesAll = true;
    const takeover = new Takeover({ journal, partition, runs, snapshots, checkpoints, timers, driver });
    const { position, at } = await takeover.load();
    this.generations = takeover.generations;
    this.position = position;
    driver.at = at;
    await this.begin();
  }

  private makeCheckpoints(): Checkpoints {
    const { kv, partition, clock, log, checkpointEvery, checkpointIntervalMs } = this.options;
    return new Checkpoints({
      kv,
      partition,
      clock,
      log,
      snapshots: this.snapshots,
      unkept: (beganBy) => this.runs.unkept(beganBy),
      reached: () => ({ position: this.position, at: this.driver.at }),
      tellLists: () => this.projection.flush(),
      onSuperseded: () => {
        this.runs.keepsSnapshots = false;
        this.snapshots.close();
      },
      every: checkpointEvery ?? 10_000,
      intervalMs: checkpointIntervalMs ?? 5_000,
    });
  }

  /**
   * Takes over the runs named, with their children, and any that are requested from now on. What else lives in the partition is left
   * for another time. @throws LlmteamError if a run's definition cannot be loaded
   */
  async adopt(runs: readonly RunKey[]): Promise<void> {
    this.position = await this.options.journal.end(this.options.partition);
    const wanted = [...runs];
    for (let key = wanted.pop(); key !== undefined; key = wanted.pop()) {
      const live = liveRun(key, 0);
      this.runs.add(live, null);
      const run = await this.runs.load(live, this.position);
      if (run === null) this.runs.remove(live);
      const children = run === null ? [] : [...run.state.children.values(), ...run.state.cancelled_children];
      for (const runId of children) wanted.push({ tenant_id: key.tenant_id, run_id: runId });
    }
    await this.begin();
  }

  private async begin(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const stopped = (): void =>
        reject(new LlmteamError('CLOSED', 'the run loop was stopped before it had caught up'));
      this.finished = this.follow(resolve).then(stopped, (error: unknown) => {
        reject(error);
        if (!this.stopping.isStopped) this.options.onFailure(error);
      });
    });
  }

  /**
   * From the call on no effect is begun. With `checkpoint` (default) what was applied is kept then, so that a takeover begins here;
   * without, for a loop that owns the partition no longer, nothing more is written at all.
   */
  async stop({ checkpoint = true }: { readonly checkpoint?: boolean } = {}): Promise<void> {
    this.performer.stop();
    this.retry.stop();
    this.timers.stop();
    this.redispatcher.stop();
    this.checkpoints?.stop();
    if (!checkpoint) {
      this.isFenced = true;
      this.projection.stop();
      this.snapshots.close();
    }
    this.stopping.stop();
    await this.finished;
    if (this.isFenced || !this.driver.isLive) return;
    await this.projection.flush();
    await this.checkpoints?.finish();
  }

  /** Publishes every job in flight again: for when a queue is known to have lost what it held. */
  async redispatch(): Promise<void> {
    if (this.driver.isLive) await this.stopping.unlessStopped(this.redispatcher.all());
  }

  /** The function takes the watcher away again. */
  watch(runId: string, watcher: RunWatcher): () => void {
    return this.watchers.add(runId, watcher);
  }

  liveRuns(): number {
    return this.runs.size;
  }

  status(): LoopStatus {
    return {
      isLive: this.driver.isLive,
      position: this.position,
      liveRuns: this.runs.size,
      residentRuns: this.runs.resident,
      timers: this.timers.size,
      entriesApplied: this.applied,
      entriesIgnored: this.driver.ignored,
    };
  }

  /** How many positions the loop is behind the end of the journal now. */
  async lag(): Promise<{ readonly behind: number }> {
    const end = await this.options.journal.end(this.options.partition);
    return { behind: Math.max(0, end - this.position) };
  }

  private async follow(caughtUp: () => void): Promise<void> {
    const { journal, partition } = this.options;
    for await (const batch of journal.follow(partition, this.position, this.stopping.signal)) {
      if (batch.length > 0) await this.applyBatch(batch);
      else if (!this.driver.isLive && !this.stopping.isStopped) {
        await this.goLive();
        caughtUp();
      }
    }
  }

  private async applyBatch(batch: readonly Entry[]): Promise<void> {
    const { driver, stopping } = this;
    if (this.runs.resident < this.runs.size) await this.loadTogether(batch);
    for (const entry of batch) {
      if (!stopping.isStopped && !driver.apply(entry)) await driver.applyAfterLoading(entry);
      if (stopping.isStopped) return;
      this.applied++;
      this.position = entry.position;
      driver.at = Math.max(driver.at, entry.fact.at);
    }
    if (driver.strays.size > 0) await this.projectStrays();
    this.projection.tell(this.position);
    if (this.projection.isBehind) await stopping.unlessStopped(this.projection.flush());
    if (driver.isLive) {
      await stopping.unlessStopped(this.performer.flushJobs());
      this.checkpoints?.noteEntries(batch.length);
    }
    await this.makeRoom();
  }

  /** Lets states go beside the loop; only if it is far behind with that does the loop wait. */
  private async makeRoom(): Promise<void> {
    const made = this.runs.makeRoom();
    if (this.runs.isCrowded) await this.stopping.unlessStopped(made);
  }

  /** The states that a batch needs are read side by side: a thousand timers may come due at once. */
  private async loadTogether(batch: readonly Entry[]): Promise<void> {
    const wanted = new Map<LiveRun, Position>();
    for (const { run_id, position } of batch) {
      const live = this.runs.find(run_id);
      if (live?.stage === 'away' && position > live.position && !wanted.has(live)) wanted.set(live, position - 1);
    }
    if (wanted.size < 2) return;
    const loading = someAtATime(loadsAtATime, wanted, ([live, upto]) =>
      this.driver.load(live, upto).catch(() => undefined),
    );
    await this.stopping.unlessStopped(loading);
  }

  private async projectStrays(): Promise<void> {
    const strays = [...this.driver.strays.values()];
    this.driver.strays.clear();
    for (const key of strays) {
      const { row, tasks, fault } = await projectRun(this.options, key);
      if (fault !== undefined)
        this.options.log.warn({ err: fault, ...key }, 'the steps of a run cannot be evaluated here');
      if (row !== null) this.projection.noteRow(row);
      for (const task of tasks) this.projection.noteTask(task);
    }
  }

  private async goLive(): Promise<void> {
    const { driver, stopping } = this;
    driver.isLive = true;
    for (const live of driver.unclaimed.values()) this.snapshots.doom(live);
    driver.unclaimed.clear();
    const asleep = [...this.runs.values()].filter(({ isReady, stage }) => !isReady && stage !== 'given_up');
    const waking = someAtATime(loadsAtATime, asleep, async (live) => {
      await driver.wake(live, this.position);
      await this.makeRoom();
    });
    await stopping.unlessStopped(waking);
    if (stopping.isStopped) return;
    this.timers.start();
    this.projection.release();
    await stopping.unlessStopped(this.performer.flushJobs());
    this.checkpoints?.begin(this.generations);
    this.redispatcher.start();
    await this.makeRoom();
  }

  private fire(run: RunKey, timer: string): Promise<void> {
    const fact = { type: 'timer.fired', at: this.options.clock.now(), timer } as const;
    const entry = { message_id: `timer:${timer}`, fact };
    return this.retry.untilKept(() => this.options.journal.append(run, [entry]));
  }
}
