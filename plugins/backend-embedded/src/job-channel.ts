/*
 * Purpose: the jobs of one queue, `type@major`: which of them wait, which are handed out, to whom and until when.
 * Owns: the lists, the leases, one timer for all of them. Does not own: the names of queues, what a worker does.
 * Invariants:
 *  C1 A job whose id is in #jobs is in exactly one of #waiting, #delayed, #out; a job that is done with is in none.
 *  C2 #out is in order of due time: every lease is equally long and starts when its job is put at the end.
 *  C3 A delivery holds a place of its worker from its handing out until it is settled or its lease ends, no longer.
 *  C4 One loop hands out, never nested in itself, whatever a handler calls in turn.
 */
import { type Clock, type Consumer, closedError, type Delivery, type Job, type Timer } from '@llmteam/contracts';
import { JobList, type QueuedJob, queuedJob } from './job-list.js';
import { LeasedDelivery } from './leased-delivery.js';
import { QueueWorker } from './queue-worker.js';

interface ChannelOptions {
  readonly clock: Clock;
  readonly leaseMs: number;
  /** Told what a handler threw; its delivery is left to the lease. */
  readonly onError: (error: unknown) => void;
  /** There are neither jobs nor consumers any more. */
  readonly onUnused: () => void;
}

export class JobChannel {
  readonly #options: ChannelOptions;
  readonly #jobs = new Map<string, QueuedJob>();
  readonly #waiting = new JobList();
  readonly #delayed = new JobList();
  readonly #out = new JobList();
  readonly #workers: QueueWorker[] = [];
  #nextWorker = 0;
  #handingOut = false;
  #alarm: { readonly due: number; readonly timer: Timer } | null = null;
  #closed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  publish(job: Job): void {
    if (this.#jobs.has(job.job_id)) return;
    const queued = queuedJob(job);
    this.#jobs.set(job.job_id, queued);
    this.#waiting.push(queued);
    this.#handOut();
  }

  consume(concurrency: number, handle: (delivery: Delivery) => void): Consumer {
    const worker = new QueueWorker(concurrency, handle);
    this.#workers.push(worker);
    this.#handOut();
    return { stop: (signal) => this.#stop(worker, signal) };
  }

  withdraw(jobId: string): void {
    const queued = this.#jobs.get(jobId);
    if (queued !== undefined && queued.holder === null) this.#forget(queued);
  }

  close(): void {
    this.#closed = true;
    this.#alarm?.timer.cancel();
    for (let queued = this.#out.head; queued !== null; queued = queued.next) queued.holder?.worker.tellIdle();
    this.#workers.length = 0;
  }

  ack(delivery: LeasedDelivery): void {
    this.#checkOpen();
    if (delivery.settled) return;
    delivery.settled = true;
    const { queued } = delivery;
    if (queued.holder !== null && queued.holder !== delivery) {
      queued.done = true;
      return;
    }
    if (queued.holder === delivery) this.#takeBack(queued);
    // A late acknowledgement may find the job waiting again, or gone.
    if (this.#jobs.get(queued.job.job_id) === queued) this.#forget(queued);
    this.#handOut();
  }

  nak(delivery: LeasedDelivery, delayMs: number): void {
    this.#checkOpen();
    if (delivery.settled) return;
    delivery.settled = true;
    const { queued } = delivery;
    if (queued.holder !== delivery) return;
    this.#takeBack(queued);
    if (queued.done) {
      this.#forget(queued);
    } else {
      queued.due = this.#options.clock.now() + Math.max(0, delayMs);
      if (delayMs > 0) this.#delayed.pushByDue(queued);
      else this.#waiting.push(queued);
      this.#arm();
    }
    this.#handOut();
  }

  extend(delivery: LeasedDelivery): void {
    this.#checkOpen();
    const { queued } = delivery;
    if (queued.holder !== delivery) return;
    this.#out.remove(queued);
    this.#lease(queued);
  }

  async #stop(worker: QueueWorker, signal: AbortSignal | undefined): Promise<void> {
    const index = this.#workers.indexOf(worker);
    if (index >= 0) this.#workers.splice(index, 1);
    this.#retireIfUnused();
    if (!this.#closed) await worker.idle(signal);
  }

  #handOut(): void {
    if (this.#handingOut) return;
    this.#handingOut = true;
    try {
      for (let queued = this.#waiting.head; queued !== null; queued = this.#waiting.head) {
        const worker = this.#workerWithRoom();
        if (worker === undefined) break;
        this.#deliver(queued, worker);
      }
    } finally {
      this.#handingOut = false;
    }
  }

  #workerWithRoom(): QueueWorker | undefined {
    for (let tried = 0; tried < this.#workers.length; tried += 1) {
      const worker = this.#workers[this.#nextWorker % this.#workers.length];
      this.#nextWorker = (this.#nextWorker + 1) % this.#workers.length;
      if (worker?.hasRoom) return worker;
    }
    return undefined;
  }

  #deliver(queued: QueuedJob, worker: QueueWorker): void {
    this.#waiting.remove(queued);
    worker.takePlace();
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
    this.#out.push(queued);
    this.#arm();
  }

  #takeBack(queued: QueuedJob): void {
    queued.list?.remove(queued);
    queued.holder?.worker.freePlace();
    queued.holder = null;
  }

  #forget(queued: QueuedJob): void {
    queued.list?.remove(queued);
    this.#jobs.delete(queued.job.job_id);
    this.#retireIfUnused();
  }

  #arm(): void {
    const due = Math.min(
      this.#out.head?.due ?? Number.POSITIVE_INFINITY,
      this.#delayed.head?.due ?? Number.POSITIVE_INFINITY,
    );
    if (due === Number.POSITIVE_INFINITY || (this.#alarm !== null && this.#alarm.due <= due)) return;
    this.#alarm?.timer.cancel();
    this.#alarm = { due, timer: this.#options.clock.after(due - this.#options.clock.now(), () => this.#sweep()) };
  }

  /** What was lost goes to the front, it has waited longest; what was put off goes to the end. */
  #sweep(): void {
    this.#alarm = null;
    const now = this.#options.clock.now();
    for (const queued of this.#out.removeDue(now).reverse()) {
      this.#takeBack(queued);
      if (queued.done) this.#forget(queued);
      else this.#waiting.unshift(queued);
    }
    for (const queued of this.#delayed.removeDue(now)) this.#waiting.push(queued);
    this.#handOut();
    this.#arm();
  }

  #retireIfUnused(): void {
    if (this.#jobs.size > 0 || this.#workers.length > 0) return;
    this.#alarm?.timer.cancel();
    this.#alarm = null;
    this.#options.onUnused();
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('job queue');
  }
}
