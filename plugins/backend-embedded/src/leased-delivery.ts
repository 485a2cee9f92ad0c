import type { Delivery, Job } from '@llmteam/contracts';
import type { QueuedJob } from './job-list.js';
import type { QueueWorker } from './queue-worker.js';

/** What a delivery needs of the queue it comes from. */
interface DeliveryDesk {
  ack(delivery: LeasedDelivery): void;
  nak(delivery: LeasedDelivery, delayMs: number): void;
  extend(delivery: LeasedDelivery): void;
}

export class LeasedDelivery implements Delivery {
  readonly job: Job;
  readonly deliveries: number;
  readonly queued: QueuedJob;
  readonly worker: QueueWorker;
  /** Acked or naked; what follows changes nothing. */
  #settled = false;
  readonly #desk: DeliveryDesk;

  constructor(desk: DeliveryDesk, queued: QueuedJob, worker: QueueWorker) {
    this.job = queued.job;
    this.deliveries = queued.deliveries;
    this.queued = queued;
    this.worker = worker;
    this.#desk = desk;
  }

  /** True for the first call only: a delivery is settled once. */
  settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }

  async ack(): Promise<void> {
    this.#desk.ack(this);
  }

  async nak(delayMs = 0): Promise<void> {
    this.#desk.nak(this, delayMs);
  }

  async extend(): Promise<void> {
    this.#desk.extend(this);
  }
}
