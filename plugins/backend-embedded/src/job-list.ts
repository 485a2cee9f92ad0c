import type { Job } from '@llmteam/contracts';
import type { QueueWorker } from './queue-worker.js';

/** A delivery of a job. */
interface Holder {
  readonly worker: QueueWorker;
}

/** A job in the queue. It is in one list from publication until it is finished. */
export interface QueuedJob {
  readonly job: Job;
  /** Epoch milliseconds. */
  readonly publishedAt: number;
  list: JobList | null;
  previous: QueuedJob | null;
  next: QueuedJob | null;
  /** The current delivery, while the job is delivered. */
  holder: Holder | null;
  /** How many times it has been delivered. */
  deliveries: number;
  /** When its lease or delay ends, in epoch milliseconds. */
  due: number;
  /** A worker whose lease had ended acked it while it was delivered again. */
  done: boolean;
}

export function queuedJob(job: Job, publishedAt: number): QueuedJob {
  return { job, publishedAt, list: null, previous: null, next: null, holder: null, deliveries: 0, due: 0, done: false };
}

/** An intrusive doubly linked list, so that any job can be removed in constant time. */
export class JobList {
  #head: QueuedJob | null = null;
  #tail: QueuedJob | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get head(): QueuedJob | null {
    return this.#head;
  }

  push(queued: QueuedJob): void {
    this.#insert(queued, this.#tail);
  }

  unshift(queued: QueuedJob): void {
    this.#insert(queued, null);
  }

  /** Inserts before the first job that is due later; fast when jobs mostly arrive in order. */
  pushByDue(queued: QueuedJob): void {
    let before = this.#tail;
    while (before !== null && before.due > queued.due) before = before.previous;
    this.#insert(queued, before);
  }

  remove(queued: QueuedJob): void {
    this.#size -= 1;
    if (queued.previous === null) this.#head = queued.next;
    else queued.previous.next = queued.next;
    if (queued.next === null) this.#tail = queued.previous;
    else queued.next.previous = queued.previous;
    queued.list = null;
    queued.previous = null;
    queued.next = null;
  }

  /** Removes the jobs that are due, in order. The list must be ordered by due time. */
  removeDue(now: number): QueuedJob[] {
    const due: QueuedJob[] = [];
    for (let queued = this.#head; queued !== null && queued.due <= now; queued = this.#head) {
      this.remove(queued);
      due.push(queued);
    }
    return due;
  }

  #insert(queued: QueuedJob, before: QueuedJob | null): void {
    this.#size += 1;
    const after = before === null ? this.#head : before.next;
    queued.list = this;
    queued.previous = before;
    queued.next = after;
    if (before === null) this.#head = queued;
    else before.next = queued;
    if (after === null) this.#tail = queued;
    else after.previous = queued;
  }
}
