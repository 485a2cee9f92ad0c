/** What the laws of a job queue are tried with: jobs, and consumers that record their deliveries. */
import * as assert from 'node:assert/strict';
import type { Consumer, Delivery, Job, JobQueue } from '@llmteam/contracts';
import type { Kit } from './kit.js';

export interface JobQueueKit extends Kit<JobQueue> {
  /** The lease the queue was opened with. */
  readonly leaseMs: number;
}

export function job(jobId: string, changes: Partial<Job> = {}): Job {
  return {
    job_id: jobId,
    run_id: 'run-1',
    tenant_id: 'acme',
    instance_id: 'main',
    segment_id: 'article',
    step: 'research',
    step_id: 'research',
    scope: '',
    step_type: 'llm_agent',
    type_version: '1.2.3',
    attempt: 1,
    idempotency_key: 'run-1/research',
    config: { llm_ref: 'default' },
    input: { topic: 'bees' },
    timeout_seconds: null,
    deadline_at: null,
    journal_start: false,
    trace_id: '0'.repeat(32),
    ...changes,
  };
}

export function jobs(count: number, prefix = 'j', changes: Partial<Job> = {}): Job[] {
  return Array.from({ length: count }, (_, index) => job(`${prefix}${index}`, changes));
}

/** A consumer that records its deliveries. */
export class Desk {
  readonly deliveries: Delivery[] = [];
  readonly consumer: Consumer;
  readonly #wake: Set<() => void>;

  static async at(queue: JobQueue, concurrency = 100, name = 'llm_agent@1'): Promise<Desk> {
    const deliveries: Delivery[] = [];
    const wake = new Set<() => void>();
    const consumer = await queue.consume(name, { concurrency }, (delivery) => {
      deliveries.push(delivery);
      for (const tell of wake) tell();
      wake.clear();
    });
    return new Desk(deliveries, consumer, wake);
  }

  private constructor(deliveries: Delivery[], consumer: Consumer, wake: Set<() => void>) {
    this.deliveries = deliveries;
    this.consumer = consumer;
    this.#wake = wake;
  }

  get ids(): string[] {
    return this.deliveries.map((delivery) => delivery.job.job_id);
  }

  /** Resolves once `count` deliveries have arrived in total. */
  async has(count: number): Promise<readonly Delivery[]> {
    while (this.deliveries.length < count) await new Promise<void>((resolve) => this.#wake.add(resolve));
    return this.deliveries;
  }

  /** The delivery at `index`, from 0, in order of arrival. */
  async delivery(index: number): Promise<Delivery> {
    const delivery = (await this.has(index + 1))[index];
    assert.ok(delivery);
    return delivery;
  }
}
