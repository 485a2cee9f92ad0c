/**
 * Poison jobs, kept for inspection after their steps have failed.
 * Stored under `dead_letters/<job id>` in the key-value store; they expire after 30 days.
 */
import { type Clock, type Job, type Json, type KvStore, queueName } from '@llmteam/contracts';
import { boundedKey } from '../kv/bounded-key.js';

const prefix = 'dead_letters/';
const keptForMs = 30 * 24 * 3_600_000;

export interface DeadLetter {
  readonly job_id: string;
  readonly run_id: string;
  readonly tenant_id: string;
  readonly step: string;
  /** `type@major` */
  readonly queue: string;
  readonly deliveries: number;
  /** The worker that dead-lettered the job. */
  readonly worker: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export class DeadLetters {
  constructor(
    private readonly kv: KvStore,
    private readonly clock: Clock,
  ) {}

  /** @throws LlmteamError of the key-value store */
  async add(job: Job, deliveries: number, worker: string): Promise<void> {
    const { job_id, run_id, tenant_id, step } = job;
    const queue = queueName(job.step_type, job.type_version);
    const letter: DeadLetter = { job_id, run_id, tenant_id, step, queue, deliveries, worker, at: this.clock.now() };
    await this.kv.put(boundedKey(prefix, job_id), letter as unknown as Json, { ttlMs: keptForMs });
  }
}

/** Newest first. @throws LlmteamError of the key-value store */
export async function listDeadLetters(kv: Pick<KvStore, 'list'>): Promise<DeadLetter[]> {
  const found = await kv.list(prefix);
  return found.map(({ value }) => value as unknown as DeadLetter).sort((one, other) => other.at - one.at);
}
