import type { Clock, Delivery, Job, QueueDepth, Timer } from '@llmteam/contracts';
import { Changes } from './changes.js';

/** A job that is queued, or lent to a consumer. */
interface Queued {
  readonly text: string;
  /** Epoch milliseconds. */
  readonly publishedAt: number;
  deliveries: number;
  /** Epoch milliseconds; not delivered before. */
  readyAt: number;
  lease: { readonly taker: Taker; timer: Timer } | null;
}

/** One consumer. */
export interface Taker {
  readonly concurrency: number;
  readonly handle: (delivery: Delivery) => void;
  /** Ids of the jobs that are lent to it. */
  readonly held: Set<string>;
}

/** The jobs of one queue, in order of publication. */
export class Channel {
  private readonly jobs = new Map<string, Queued>();
  private readonly takers = new Set<Taker>();
  private readonly settled = new Changes();

  constructor(
    private readonly clock: Clock,
    private readonly leaseMs: number,
  ) {}

  add(jobId: string, text: string): void {
    if (this.jobs.has(jobId)) return;
    this.jobs.set(jobId, { text, publishedAt: this.clock.now(), deliveries: 0, readyAt: 0, lease: null });
  }

  withdraw(jobId: string): void {
    if (this.jobs.get(jobId)?.lease === null) this.jobs.delete(jobId);
  }

  depth(): QueueDepth {
    // In order of publication, as the map is.
    const queued = [...this.jobs.values()].filter(({ lease }) => lease === null);
    return {
      queued: queued.length,
      in_flight: this.jobs.size - queued.length,
      oldest_queued_at: queued[0]?.publishedAt ?? null,
    };
  }

  join(taker: Taker): void {
    this.takers.add(taker);
    this.deliver();
  }

  /** Resolves once the consumer holds nothing, or the signal aborts. */
  async leave(taker: Taker, signal: AbortSignal): Promise<void> {
    this.takers.delete(taker);
    while (taker.held.size > 0 && !signal.aborted) await this.settled.next(signal);
  }

  /** The consumer is gone, with its process perhaps: others get its jobs. */
  abandon(taker: Taker): void {
    this.takers.delete(taker);
    for (const jobId of [...taker.held]) this.giveBack(jobId, taker, 0);
  }

  /** Lends every job that is ready to a consumer that has room. */
  deliver(): void {
    for (const [jobId, queued] of this.jobs) {
      if (queued.lease !== null || queued.readyAt > this.clock.now()) continue;
      const taker = [...this.takers].find(({ held, concurrency }) => held.size < concurrency);
      if (taker === undefined) return;
      this.lend(jobId, queued, taker);
    }
  }

  private lend(jobId: string, queued: Queued, taker: Taker): void {
    queued.deliveries += 1;
    queued.lease = { taker, timer: this.expiry(jobId, taker) };
    taker.held.add(jobId);
    const delivery: Delivery = {
      job: JSON.parse(queued.text) as Job,
      deliveries: queued.deliveries,
      publishedAt: queued.publishedAt,
      ack: async () => {
        if (this.take(jobId, taker) === null) return;
        this.jobs.delete(jobId);
        this.deliver();
      },
      nak: async (delayMs = 0) => this.giveBack(jobId, taker, delayMs),
      extend: async () => {
        const { lease } = this.jobs.get(jobId) ?? { lease: null };
        if (lease?.taker !== taker) return;
        lease.timer.cancel();
        lease.timer = this.expiry(jobId, taker);
      },
    };
    // In a turn of its own: what the handler does must not happen in the middle of `deliver`.
    queueMicrotask(() => {
      if (taker.held.has(jobId)) taker.handle(delivery);
    });
  }

  private expiry(jobId: string, taker: Taker): Timer {
    return this.clock.after(this.leaseMs, () => this.giveBack(jobId, taker, 0));
  }

  private giveBack(jobId: string, taker: Taker, delayMs: number): void {
    const queued = this.take(jobId, taker);
    if (queued === null) return;
    queued.readyAt = this.clock.now() + delayMs;
    if (delayMs > 0) this.clock.after(delayMs, () => this.deliver());
    this.deliver();
  }

  /** Ends the lease; null if it was over before. */
  private take(jobId: string, taker: Taker): Queued | null {
    const queued = this.jobs.get(jobId);
    if (queued === undefined || queued.lease?.taker !== taker) return null;
    queued.lease.timer.cancel();
    queued.lease = null;
    taker.held.delete(jobId);
    this.settled.announce();
    return queued;
  }
}
