/*
 * Purpose: the jobs of one queue, `type@major`: which are waiting, which are delivered, to which worker and until when.
 * Owns: the lists, the leases, one timer for all of them. Does not own: queue names, what workers do.
 * Invariants:
 *  C1 A job whose id is in #jobs is in exactly one of #waiting, #delayed, #leased; a finished job is in none.
 *  C2 #leased is ordered by due time: all leases have the same length and start when their job is pushed.
 *  C3 A delivery holds a slot of its worker from delivery until it is settled or its lease ends.
 *  C4 The dispatch loop is not reentrant, whatever a handler calls.
 */
import {
  type Clock,
  type Consumer,
  closedError,
  type Delivery,
  type Job,
  type QueueDepth,
  type Timer,
} from '@llmteam/contracts';
import { JobList, type QueuedJob, queuedJob } from './job-list.js';
import { LeasedDelivery } from './leased-delivery.js';
import { QueueWorker } from './queue-worker.js';

interface ChannelOptions {
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Called with errors thrown by a handler; the delivery stays leased. */
  readonly onError: (error: unknown) => void;
  /** Called when there are no more jobs or consumers. */
  readonly onUnused: () => void;
}

export class JobChannel {
  readonly #options: ChannelOptions;
  readonly #jobs = new Map<string, QueuedJob>();
  readonly #waiting = new JobList();
  readonly #delayed = new JobList();
  readonly #leased = new JobList();
  readonly #workers: QueueWorker[] = [];
  #nextWorker = 0;
  #dispatching = false;
  #timer: { readonly due: number; readonly timer: Timer } | null = null;
  #closed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  publish(job: Job): void {
    if (this.#jobs.has(job.job_id)) return;
    const queued = queuedJob(job, this.#options.clock.now());
    this.#jobs.set(job.job_id, queued);
    this.#waiting.push(queued);
    this.#dispatch();
  }

  consume(concurrency: number, handle: (delivery: Delivery) => void): Consumer {
    const worker = new QueueWorker(concurrency, handle);
    this.#workers.push(worker);
    this.#dispatch();
    return { stop: (signal) => this.#stop(worker, signal) };
  }

  withdraw(jobId: string): void {
    const queued = this.#jobs.get(jobId);
    if (queued !== undefined && queued.holder === null) this.#forget(queued);
  }

  depth(): QueueDepth {
    const queued = this.#waiting.size + this.#delayed.size;
    const oldest = queued === 0 ? null : this.#oldestQueued();
    return { queued, in_flight: this.#leased.size, oldest_queued_at: oldest };
  }

  /** #jobs is in order of publication, and few of the first are not queued: those that are leased. */
  #oldestQueued(): number | null {
    for (const { holder, publishedAt } of this.#jobs.values()) if (holder === null) return publishedAt;
    return null;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.timer.cancel();
    for (let queued = this.#leased.head; queued !== null; queued = queued.next) queued.holder?.worker.notifyIdle();
    this.#workers.length = 0;
  }

  ack(delivery: LeasedDelivery): void {
    this.#checkOpen();
    if (!delivery.settle()) return;
    const { queued } = delivery;
    if (queued.holder !== null && queued.holder !== delivery) {
      queued.done = true;
      return;
    }
    if (queued.holder === delivery) this.#release(queued);
    // After a late ack, the job may be waiting again or gone.
    if (this.#jobs.get(queued.job.job_id) === queued) this.#forget(queued);
    this.#dispatch();
  }

  nak(delivery: LeasedDelivery, delayMs: number): void {
    this.#checkOpen();
    if (!delivery.settle()) return;
    const { queued } = delivery;
    if (queued.holder !== delivery) return;
    this.#release(queued);
    if (queued.done) {
      this.#forget(queued);
    } else {
      queued.due = this.#options.clock.now() + Math.max(0, delayMs);
      if (delayMs > 0) this.#delayed.pushByDue(queued);
      else this.#waiting.push(queued);
      this.#arm();
    }
    this.#dispatch();
  }

  extend(delivery: LeasedDelivery): void {
    this.#checkOpen();
    const { queued } = delivery;
    if (queued.holder !== delivery) return;
    this.#leased.remove(queued);
    this.#lease(queued);
  }

  async #stop(worker: QueueWorker, signal: AbortSignal | undefined): Promise<void> {
    const index = this.#workers.indexOf(worker);
    if (index >= 0) this.#workers.splice(index, 1);
    this.#retireIfUnused();
    if (!this.#closed) await worker.idle(signal);
  }

  #dispatch(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    try {
      for (let queued = this.#waiting.head; queued !== null; queued = this.#waiting.head) {
        const worker = this.#nextWorkerWithCapacity();
        if (worker === undefined) break;
        this.#deliver(queued, worker);
      }
    } finally {
      this.#dispatching = false;
    }
  }

  #nextWorkerWithCapacity(): QueueWorker | undefined {
    for (let tried = 0; tried < this.#workers.length; tried += 1) {
      const worker = this.#workers[this.#nextWorker % this.#workers.length];
      this.#nextWorker = (this.#nextWorker + 1) % this.#workers.length;
      if (worker?.hasCapacity) return worker;
    }
    return undefined;
  }

  #deliver(queued: QueuedJob, worker: QueueWorker): void {
    this.#waiting.remove(queued);
    worker.acquireSlot();
    queued.deliveries += 1;
    const delivery = new LeasedDelivery(this, queued, worker);
    queued.holder = delivery;
    this.#lease(queued);
    try {
      worker.handle(delivery);
    } catch (error) {
      this.#options.onError(error);
    }
  }

  #lease(queued: QueuedJob): void {
    queued.due = this.#options.clock.now() + this.#options.leaseMs;
    this.#leased.push(queued);
    this.#arm();
  }

  #release(queued: QueuedJob): void {
    queued.list?.remove(queued);
    queued.holder?.worker.releaseSlot();
    queued.holder = null;
  }

  #forget(queued: QueuedJob): void {
    queued.list?.remove(queued);
    this.#jobs.delete(queued.job.job_id);
    this.#retireIfUnused();
  }

  #arm(): void {
    const due = Math.min(
      this.#leased.head?.due ?? Number.POSITIVE_INFINITY,
      this.#delayed.head?.due ?? Number.POSITIVE_INFINITY,
    );
    if (due === Number.POSITIVE_INFINITY || (this.#timer !== null && this.#timer.due <= due)) return;
    this.#timer?.timer.cancel();
    this.#timer = { due, timer: this.#options.clock.after(due - this.#options.clock.now(), () => this.#sweep()) };
  }

  /** Jobs with a lost lease go to the front because they have waited longest; delayed ones go to the end. */
  #sweep(): void {
    this.#timer = null;
    const now = this.#options.clock.now();
    for (const queued of this.#leased.removeDue(now).reverse()) {
      this.#release(queued);
      if (queued.done) this.#forget(queued);
      else this.#waiting.unshift(queued);
    }
    for (const queued of this.#delayed.removeDue(now)) this.#waiting.push(queued);
    this.#dispatch();
    this.#arm();
  }

  #retireIfUnused(): void {
    if (this.#jobs.size > 0 || this.#workers.length > 0) return;
    this.#timer?.timer.cancel();
    this.#timer = null;
    this.#options.onUnused();
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('job queue');
  }
}
