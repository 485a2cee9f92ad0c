/*
 * Purpose: the jobs of one queue, `type@major`: which of them wait, which are handed out, to whom and until when.
 * Owns: the lists, the leases, one timer for all of them. Does not own: the names of queues, what a worker does.
 * Invariants:
 *  C1 A job whose id is in #jobs is in exactly one of #waiting, #delayed, #out; a job that is done with is in none.
 *  C2 #out is in order of due time: every lease is equally long and starts when its job is put at the end.
 *  C3 A delivery holds a place of its worker from its handing out until it is settled or its lease ends, no longer.
 *  C4 One loop hands out, never nested in itself, whatever a handler calls in turn.
 */
import type { Clock, Consumer, Delivery, Job, Timer } from '@llmteam/contracts';
import { closed_error } from './closed.js';
import { JobList, type QueuedJob, queued_job } from './job-list.js';
import { LeasedDelivery } from './leased-delivery.js';
import { QueueWorker } from './queue-worker.js';

interface ChannelOptions {
  readonly clock: Clock;
  readonly lease_ms: number;
  /** Told what a handler threw; its delivery is left to the lease. */
  readonly on_error: (error: unknown) => void;
  /** There are neither jobs nor consumers any more. */
  readonly on_unused: () => void;
}

export class JobChannel {
  readonly #options: ChannelOptions;
  readonly #jobs = new Map<string, QueuedJob>();
  readonly #waiting = new JobList();
  readonly #delayed = new JobList();
  readonly #out = new JobList();
  readonly #workers: QueueWorker[] = [];
  #next_worker = 0;
  #handing_out = false;
  #alarm: { readonly due: number; readonly timer: Timer } | null = null;
  #closed = false;

  constructor(options: ChannelOptions) {
    this.#options = options;
  }

  publish(job: Job): void {
    if (this.#jobs.has(job.job_id)) return;
    const queued = queued_job(job);
    this.#jobs.set(job.job_id, queued);
    this.#waiting.push(queued);
    this.#hand_out();
  }

  consume(concurrency: number, handle: (delivery: Delivery) => void): Consumer {
    const worker = new QueueWorker(concurrency, handle);
    this.#workers.push(worker);
    this.#hand_out();
    return { stop: (signal) => this.#stop(worker, signal) };
  }

  withdraw(job_id: string): void {
    const queued = this.#jobs.get(job_id);
    if (queued !== undefined && queued.holder === null) this.#forget(queued);
  }

  close(): void {
    this.#closed = true;
    this.#alarm?.timer.cancel();
    for (let queued = this.#out.head; queued !== null; queued = queued.next) queued.holder?.worker.tell_idle();
    this.#workers.length = 0;
  }

  ack(delivery: LeasedDelivery): void {
    this.#check_open();
    if (delivery.settled) return;
    delivery.settled = true;
    const { queued } = delivery;
    if (queued.holder !== null && queued.holder !== delivery) {
      queued.done = true;
      return;
    }
    if (queued.holder === delivery) this.#take_back(queued);
    // A late acknowledgement may find the job waiting again, or gone.
    if (this.#jobs.get(queued.job.job_id) === queued) this.#forget(queued);
    this.#hand_out();
  }

  nak(delivery: LeasedDelivery, delay_ms: number): void {
    this.#check_open();
    if (delivery.settled) return;
    delivery.settled = true;
    const { queued } = delivery;
    if (queued.holder !== delivery) return;
    this.#take_back(queued);
    if (queued.done) {
      this.#forget(queued);
    } else {
      queued.due = this.#options.clock.now() + Math.max(0, delay_ms);
      if (delay_ms > 0) this.#delayed.push_by_due(queued);
      else this.#waiting.push(queued);
      this.#arm();
    }
    this.#hand_out();
  }

  extend(delivery: LeasedDelivery): void {
    this.#check_open();
    const { queued } = delivery;
    if (queued.holder !== delivery) return;
    this.#out.remove(queued);
    this.#lease(queued);
  }

  async #stop(worker: QueueWorker, signal: AbortSignal | undefined): Promise<void> {
    const index = this.#workers.indexOf(worker);
    if (index >= 0) this.#workers.splice(index, 1);
    this.#retire_if_unused();
    if (!this.#closed) await worker.idle(signal);
  }

  #hand_out(): void {
    if (this.#handing_out) return;
    this.#handing_out = true;
    try {
      for (let queued = this.#waiting.head; queued !== null; queued = this.#waiting.head) {
        const worker = this.#worker_with_room();
        if (worker === undefined) break;
        this.#deliver(queued, worker);
      }
    } finally {
      this.#handing_out = false;
    }
  }

  #worker_with_room(): QueueWorker | undefined {
    for (let tried = 0; tried < this.#workers.length; tried += 1) {
      const worker = this.#workers[this.#next_worker % this.#workers.length];
      this.#next_worker = (this.#next_worker + 1) % this.#workers.length;
      if (worker?.has_room) return worker;
    }
    return undefined;
  }

  #deliver(queued: QueuedJob, worker: QueueWorker): void {
    this.#waiting.remove(queued);
    worker.take_place();
    queued.deliveries += 1;
    const delivery = new LeasedDelivery(this, queued, worker);
    queued.holder = delivery;
    this.#lease(queued);
    try {
      worker.handle(delivery);
    } catch (error) {
      this.#options.on_error(error);
    }
  }

  #lease(queued: QueuedJob): void {
    queued.due = this.#options.clock.now() + this.#options.lease_ms;
    this.#out.push(queued);
    this.#arm();
  }

  #take_back(queued: QueuedJob): void {
    queued.list?.remove(queued);
    queued.holder?.worker.free_place();
    queued.holder = null;
  }

  #forget(queued: QueuedJob): void {
    queued.list?.remove(queued);
    this.#jobs.delete(queued.job.job_id);
    this.#retire_if_unused();
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
    for (const queued of this.#out.remove_due(now).reverse()) {
      this.#take_back(queued);
      if (queued.done) this.#forget(queued);
      else this.#waiting.unshift(queued);
    }
    for (const queued of this.#delayed.remove_due(now)) this.#waiting.push(queued);
    this.#hand_out();
    this.#arm();
  }

  #retire_if_unused(): void {
    if (this.#jobs.size > 0 || this.#workers.length > 0) return;
    this.#alarm?.timer.cancel();
    this.#alarm = null;
    this.#options.on_unused();
  }

  #check_open(): void {
    if (this.#closed) throw closed_error('job queue');
  }
}
