import type { Position, RunKey } from '@llmteam/contracts';
import type { Run } from '../engine/state.js';
import type { RunSpans } from '../tracing/run-spans.js';
import type { Traced } from '../tracing/run-tracer.js';
import type { TimerOwner } from './timer-heap.js';
import type { WaitOwner } from './wait-book.js';
import type { WaitSet } from './wait-sets.js';

/**
 * `busy`: in memory, with jobs in flight. `idle`: in memory, waiting. `evicting`: idle, and its snapshot is being written.
 * `evicted`: not in memory. `quarantined`: this process cannot evaluate it. `over`: its end is recorded; no longer live.
 */
export type Stage = 'busy' | 'idle' | 'evicting' | 'evicted' | 'quarantined' | 'over';

/** The run has no snapshot. */
const noSnapshot: Position = 0;
/** The run may have a snapshot, which must not be relied on. */
const staleSnapshot: Position = -1;

/** A run that has not ended, as the loop knows it. There may be 100,000 of them, so it holds only what an evicted run needs too. */
export class LiveRun implements TimerOwner, Traced, WaitOwner {
  timers: TimerOwner['timers'] = null;
  spans: RunSpans | null = null;
  touched = -1;
  knownWaits: WaitSet | null = null;
  notedWaits: WaitSet | null = null;
  startedAt = 0;
  private readonly tenantId: string;
  private readonly runId: string;
  private state: Run | null = null;
  private currentStage: Stage = 'evicted';
  private snapshotPosition: Position = noSnapshot;
  private copiesLeft = 0;
  private isIdleUntilLive = false;

  constructor(
    { tenant_id, run_id }: RunKey,
    /** Position of the entry that requested it. */
    readonly began: Position,
    private applied: Position = began,
  ) {
    this.tenantId = tenant_id;
    this.runId = run_id;
  }

  get tenant_id(): string {
    return this.tenantId;
  }

  get run_id(): string {
    return this.runId;
  }

  get key(): RunKey {
    return { tenant_id: this.tenant_id, run_id: this.run_id };
  }

  /** null if it is not in memory. */
  get run(): Run | null {
    return this.state;
  }

  get stage(): Stage {
    return this.currentStage;
  }

  /** Position of the last entry its state has seen; 0 if only its history tells. */
  get position(): Position {
    return this.applied;
  }

  attach(run: Run): void {
    this.state = run;
  }

  /** A run that is evicted, quarantined or over has no state in memory. */
  enter(stage: Stage): void {
    this.currentStage = stage;
    if (stage === 'evicted' || stage === 'quarantined' || stage === 'over') this.state = null;
  }

  reach(position: Position): void {
    this.applied = position;
  }

  /** Whether there may be a snapshot of it in the store. */
  get mayHaveSnapshot(): boolean {
    return this.snapshotPosition !== noSnapshot;
  }

  /** Whether its snapshot is of its present state. */
  get isSnapshotCurrent(): boolean {
    return this.snapshotPosition === this.applied;
  }

  snapshotWritten(position: Position): void {
    this.snapshotPosition = position;
  }

  snapshotStale(): void {
    this.snapshotPosition = staleSnapshot;
  }

  /** A fork begins with entries copied from another run, which performed their effects. `count`: those still to come. */
  expectCopies(count: number): void {
    this.copiesLeft = count;
  }

  get isCopying(): boolean {
    return this.copiesLeft > 0;
  }

  /** Takes note of one copied entry; true if it was the last. */
  noteCopy(): boolean {
    this.copiesLeft--;
    return this.copiesLeft === 0;
  }

  /** Whether nothing needs to be done for it when the loop goes live: it only waits, and its next timer is armed. */
  get isDormant(): boolean {
    return this.isIdleUntilLive;
  }

  markDormant(isDormant: boolean): void {
    this.isIdleUntilLive = isDormant;
  }
}
