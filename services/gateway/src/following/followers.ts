/**
 * Purpose: the runs that are followed in this process. It needs no run loop: it reads the journal.
 * Owns: one follower per run, shared by its readers, and one tap per partition, shared by its followers; both are closed with their last user.
 * Does not own: what readers are sent.
 */
import {
  type Entry,
  type EventPage,
  type Logger,
  liveSubject,
  type PubSub,
  type RunKey,
  type StepPage,
} from '@llmteam/contracts';
import { EventPages } from './event-pages.js';
import type { HistoryDeps } from './history.js';
import { MemoryBudget } from './memory-budget.js';
import type { JsonText } from './page-text.js';
import type { PageRequest } from './paged-history.js';
import { PartitionTap } from './partition-tap.js';
import { ReplayGate } from './replay-gate.js';
import { type FollowerListener, RunFollower } from './run-follower.js';
import { StepPages } from './step-pages.js';

export interface FollowersDeps extends HistoryDeps {
  readonly pubSub: PubSub;
  readonly log: Logger;
}

/** A handle on a follower; release it after use. */
export interface FollowedRun {
  readonly follower: RunFollower;
  release(): void;
}

interface Followed {
  readonly follower: RunFollower;
  readonly opened: Promise<void>;
  readonly unsubscribe: () => void;
  users: number;
}

/** Each takes a slice of time in every turn of the event loop, and holds the state of a run in memory. */
const replaysAtATime = 2;
const replaysParked = 4;
const framesInAll = 32 * 1024 * 1024;
/** Enough for all events of a run of thousands of steps: the history need not be read again for each reader. */
const framesPerRun = 16 * 1024 * 1024;
const framesKeptAnyway = 16 * 1024;

export class Followers {
  private readonly followed = new Map<string, Followed>();
  private readonly taps = new Map<number, PartitionTap>();
  private readonly stopped = new Set<Promise<void>>();
  private readonly budget = new MemoryBudget(framesInAll, framesPerRun, framesKeptAnyway);
  readonly gate = new ReplayGate(replaysAtATime, replaysParked);

  private readonly eventPages: EventPages;
  private readonly stepPages: StepPages;

  constructor(private readonly deps: FollowersDeps) {
    this.eventPages = new EventPages(deps, this.gate);
    this.stepPages = new StepPages(deps, this.gate);
  }

  /** Events of a run, whether it is followed or not. @throws LlmteamError `RUN_UNKNOWN` */
  events(key: RunKey, request: PageRequest): Promise<JsonText<EventPage>> {
    return this.eventPages.read(key, request);
  }

  /** Step occurrences of a run. @throws LlmteamError `RUN_UNKNOWN` */
  steps(key: RunKey, request: PageRequest): Promise<JsonText<StepPage>> {
    return this.stepPages.read(key, request);
  }

  /** @throws LlmteamError `RUN_UNKNOWN` */
  async open(key: RunKey): Promise<FollowedRun> {
    const partition = this.deps.journal.partitionOf(key);
    const tap = this.tap(partition);
    tap.retain();
    const followed = this.followed.get(mark(key)) ?? this.follow(key, tap);
    followed.users++;
    const release = once(() => {
      this.release(key, followed);
      this.releaseTap(partition, tap);
    });
    try {
      await followed.opened;
    } catch (error) {
      release();
      throw error;
    }
    return { follower: followed.follower, release };
  }

  /** Resolves with whether the run has ended: at its end, after the timeout, or when the signal aborts. */
  async ended(key: RunKey, timeMs: number, signal: AbortSignal): Promise<boolean> {
    const { follower, release } = await this.open(key);
    try {
      return follower.hasEnded || (await this.waitForEnd(follower, timeMs, signal));
    } finally {
      release();
    }
  }

  private waitForEnd(follower: RunFollower, timeMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        follower.listeners.delete(listener);
        resolve(follower.hasEnded);
      };
      const listener: FollowerListener = {
        wake: () => {
          if (follower.hasEnded) done();
        },
        live: () => undefined,
        lost: done,
      };
      const timer = setTimeout(done, timeMs);
      signal.addEventListener('abort', done, { once: true });
      follower.listeners.add(listener);
      if (signal.aborted) done();
    });
  }

  /** Forgets a run that was removed, and disconnects its readers. */
  drop(run: RunKey): void {
    this.eventPages.drop();
    this.stepPages.drop();
    const followed = this.followed.get(mark(run));
    this.followed.delete(mark(run));
    followed?.follower.lose();
  }

  async close(): Promise<void> {
    for (const { follower } of this.followed.values()) follower.lose();
    for (const tap of this.taps.values()) this.stop(tap);
    this.taps.clear();
    await Promise.all(this.stopped);
  }

  private follow(key: RunKey, tap: PartitionTap): Followed {
    const follower = new RunFollower(key, this.deps, this.budget);
    const opened = tap.started.then(() => this.gate.pass(key.tenant_id, () => follower.open()));
    opened.catch(() => undefined);
    const unsubscribe = this.deps.pubSub.subscribe(liveSubject(key.run_id), (message) => follower.acceptLive(message));
    const followed: Followed = { follower, opened, unsubscribe, users: 0 };
    this.followed.set(mark(key), followed);
    return followed;
  }

  private release(key: RunKey, followed: Followed): void {
    if (--followed.users > 0) return;
    followed.unsubscribe();
    followed.follower.close();
    if (this.followed.get(mark(key)) === followed) this.followed.delete(mark(key));
  }

  private tap(partition: number): PartitionTap {
    const known = this.taps.get(partition);
    if (known !== undefined) return known;
    const tap = new PartitionTap(
      this.deps.journal,
      partition,
      (entry) => this.receive(entry),
      (err) => this.lose(partition, tap, err),
    );
    tap.started.catch(() => undefined);
    this.taps.set(partition, tap);
    return tap;
  }

  private releaseTap(partition: number, tap: PartitionTap): void {
    if (!tap.release()) return;
    if (this.taps.get(partition) === tap) this.taps.delete(partition);
    this.stop(tap);
  }

  private stop(tap: PartitionTap): void {
    const stopped = tap.stop().finally(() => this.stopped.delete(stopped));
    this.stopped.add(stopped);
  }

  private receive(entry: Entry): void {
    this.followed.get(mark(entry))?.follower.accept(entry);
  }

  /** Disconnects the readers; when they reconnect a new tap is opened. */
  private lose(partition: number, tap: PartitionTap, err: unknown): void {
    this.deps.log.warn({ err, partition }, 'the journal cannot be followed; readers are disconnected');
    if (this.taps.get(partition) === tap) this.taps.delete(partition);
    for (const [name, { follower }] of [...this.followed]) {
      if (this.deps.journal.partitionOf(follower.key) !== partition) continue;
      this.followed.delete(name);
      follower.lose();
    }
  }
}

function mark({ tenant_id, run_id }: RunKey): string {
  return `${tenant_id}/${run_id}`;
}

function once(action: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) action();
    isDone = true;
  };
}
