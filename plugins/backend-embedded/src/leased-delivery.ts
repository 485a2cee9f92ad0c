import type { Delivery, Job } from '@llmteam/contracts';
import type { QueuedJob } from './job-list.js';
import type { QueueWorker } from './queue-worker.js';

/** The part of the queue that settles deliveries. */
interface DeliveryOwner {
  ack(delivery: LeasedDelivery): void;
  nak(delivery: LeasedDelivery, delayMs: number): void;
  extend(delivery: LeasedDelivery): void;
}

export class LeasedDelivery implements Delivery {
  readonly job: Job;
  readonly deliveries: number;
  readonly publishedAt: number;
  readonly queued: QueuedJob;
  readonly worker: QueueWorker;
  #settled = false;
  readonly #owner: DeliveryOwner;

  constructor(owner: DeliveryOwner, queued: QueuedJob, worker: QueueWorker) {
    this.job = queued.job;
    this.deliveries = queued.deliveries;
    this.publishedAt = queued.publishedAt;
    this.queued = queued;
    this.worker = worker;
    this.#owner = owner;
  }

  /** True on the first call only; acks and nacks after that are no-ops. */
  settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }

  async ack(): Promise<void> {
    this.#owner.ack(this);
  }

  async nak(delayMs = 0): Promise<void> {
    this.#owner.nak(this, delayMs);
  }

  async extend(): Promise<void> {
    this.#owner.extend(this);
  }
}
