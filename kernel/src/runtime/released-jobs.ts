import type { Json, KvStore } from '@llmteam/contracts';
import { boundedKey } from '../kv/bounded-key.js';

/** Counted from the last release; longer than any step runs between two restarts of its workers. */
const keptForMs = 30 * 24 * 3_600_000;

/**
 * Counts how often a draining worker released a job. The queue's delivery count cannot tell those from deliveries a worker died of.
 * Stored under `handed_back/<job id>` in the key-value store. Only one worker has a job at a time, so writes are unconditional.
 */
export class ReleasedJobs {
  constructor(private readonly kv: KvStore) {}

  /** @throws LlmteamError of the key-value store */
  async note(jobId: string): Promise<void> {
    const times = 1 + (await this.times(jobId));
    await this.kv.put(keyOf(jobId), { times }, { ttlMs: keptForMs });
  }

  /** @throws LlmteamError of the key-value store */
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
