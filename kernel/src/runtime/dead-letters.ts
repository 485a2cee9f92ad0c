/**
 * Jobs that were handed out too often without anybody living to report: their steps have failed, and here they can still be looked at.
 * Keys `dead_letters/<job id>` of the registry, which go after 30 days.
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
  /** Who gave it up. */
  readonly worker: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

export class DeadLetters {
  constructor(
    private readonly kv: KvStore,
    private readonly clock: Clock,
  ) {}

  /** @throws LlmteamError of the registry */
  async add(job: Job, deliveries: number, worker: string): Promise<void> {
    const { job_id, run_id, tenant_id, step } = job;
    const queue = queueName(job.step_type, job.type_version);
    const letter: DeadLetter = { job_id, run_id, tenant_id, step, queue, deliveries, worker, at: this.clock.now() };
    await this.kv.put(boundedKey(prefix, job_id), letter as unknown as Json, { ttlMs: keptForMs });
  }
}

/** Newest first. @throws LlmteamError of the registry */
export async function listDeadLetters(kv: KvStore): Promise<DeadLetter[]> {
  const found = await kv.list(prefix);
  return found.map(({ value }) => value as unknown as DeadLetter).sort((one, other) => other.at - one.at);
}
