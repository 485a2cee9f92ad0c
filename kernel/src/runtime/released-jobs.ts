import type { Json, KvStore } from '@llmteam/contracts';
import { boundedKey } from '../kv/bounded-key.js';

/** From the last time on: longer than steps take between two restarts of their workers. */
const keptForMs = 30 * 24 * 3_600_000;

/**
 * How often workers that lived gave a job back: the queue counts these deliveries like those that a worker died of.
 * Keys `handed_back/<job id>` of the registry. One job is in one worker's hands at a time, so they are written without a guard.
 */
export class ReleasedJobs {
  constructor(private readonly kv: KvStore) {}

  /** @throws LlmteamError of the registry */
  async note(jobId: string): Promise<void> {
    const times = 1 + (await this.times(jobId));
    await this.kv.put(keyOf(jobId), { times }, { ttlMs: keptForMs });
  }

  /** @throws LlmteamError of the registry */
  async times(jobId: string): Promise<number> {
    const found = await this.kv.get(keyOf(jobId));
    return found === null ? 0 : timesOf(found.value);
  }
}

function keyOf(jobId: string): string {
  return boundedKey('handed_back/', jobId);
}

function timesOf(value: Json): number {
  const { times } = (value ?? {}) as { readonly times?: unknown };
  return typeof times === 'number' ? times : 0;
}
