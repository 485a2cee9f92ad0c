/**
 * Purpose: the run loops of the partitions held by this process.
 * Owns: creating and dropping them, and their totals. Does not own: which partitions are held (partition-ownership.ts).
 */
import type { Clock, Logger } from '@llmteam/contracts';
import {
  type Definitions,
  type LoopStatus,
  openPartitionLoop,
  type PartitionLoop,
  type SegmentStore,
  type SpanExport,
  TaskFeed,
  type WaitCounts,
  WaitFeed,
} from '@llmteam/kernel';
import { fencedPorts, type PartitionPorts } from './fenced-ports.js';
import type { HoldContext, PartitionWork } from './partition-hold.js';

export interface OwnedLoopsOptions {
  readonly ports: PartitionPorts;
  readonly definitions: Definitions;
  readonly segments: SegmentStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly spanExport: SpanExport | undefined;
  readonly maxResidentRuns: number;
  readonly redispatchAfterMs: number;
  readonly timerFired?: ((lateMs: number) => void) | undefined;
}

/** Counters over the lifetime of the process, across changes of partitions. */
interface Totals {
  applied: number;
  ignored: number;
  appended: number;
  unreadable: number;
  redispatched: number;
}

export class OwnedLoops {
  private readonly loops = new Map<number, PartitionLoop>();
  /** Totals of closed loops; `appended` includes the open ones. */
  private readonly past: Totals = { applied: 0, ignored: 0, appended: 0, unreadable: 0, redispatched: 0 };

  constructor(private readonly options: OwnedLoopsOptions) {}

  open({ partition, isHeld, onFailure }: HoldContext): PartitionWork {
    const { ports, log, ...common } = this.options;
    const appended = (count: number): void => {
      this.past.appended += count;
    };
    const ownLog = log.child({ partition });
    const fenced = fencedPorts(ports, { partition, isHeld, appended });
    const loop = openPartitionLoop({
      ...common,
      ...fenced,
      partition,
      lists: new TaskFeed(fenced.kv),
      waitNotes: new WaitFeed(fenced.kv, partition),
      log: ownLog,
      eventLog: ownLog,
      onFailure,
    });
    this.loops.set(partition, loop);
    return {
      takeOver: () => loop.takeOver(),
      stop: async (options) => {
        await loop.stop(options).finally(() => this.forget(partition, loop));
      },
    };
  }

  /** Republishes the outstanding jobs of every run after the queue lost them. */
  redispatch(): void {
    for (const [partition, loop] of this.loops) {
      loop
        .redispatch()
        .catch((err: unknown) => this.options.log.warn({ err, partition }, 'jobs could not be republished'));
    }
  }

  /** Over all partitions and the lifetime of the process. */
  totals(): Totals {
    const { applied, ignored, appended, unreadable, redispatched } = this.past;
    const present = this.statuses();
    return {
      applied: applied + sum(present, ({ entriesApplied }) => entriesApplied),
      ignored: ignored + sum(present, ({ entriesIgnored }) => entriesIgnored),
      appended,
      unreadable: unreadable + sum(present, ({ unreadableMessages }) => unreadableMessages),
      redispatched: redispatched + sum(present, ({ redispatchedJobs }) => redispatchedJobs),
    };
  }

  sum(of: (status: LoopStatus) => number): number {
    return sum(this.statuses(), of);
  }

  /** What the live runs wait for, by partition. */
  waiting(): WaitCounts[] {
    return [...this.loops.values()].map((loop) => loop.waiting());
  }

  /** Unread entries of the loop that is furthest behind. */
  async maxLag(): Promise<number> {
    const lags = await Promise.all([...this.loops.values()].map((loop) => loop.lag()));
    return Math.max(0, ...lags.map(({ behind }) => behind));
  }

  private statuses(): LoopStatus[] {
    return [...this.loops.values()].map((loop) => loop.status());
  }

  private forget(partition: number, loop: PartitionLoop): void {
    const { entriesApplied, entriesIgnored, unreadableMessages, redispatchedJobs } = loop.status();
    this.past.applied += entriesApplied;
    this.past.ignored += entriesIgnored;
    this.past.unreadable += unreadableMessages;
    this.past.redispatched += redispatchedJobs;
    this.loops.delete(partition);
  }
}

function sum(statuses: readonly LoopStatus[], of: (status: LoopStatus) => number): number {
  return statuses.reduce((total, status) => total + of(status), 0);
}
