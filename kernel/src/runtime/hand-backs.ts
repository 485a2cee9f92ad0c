import type { Json, Registry } from '@llmteam/contracts';
import { bounded_key } from '../registry/bounded-key.js';

/** From the last time on: longer than steps take between two restarts of their workers. */
const kept_for_ms = 30 * 24 * 3_600_000;

/**
 * How often workers that lived gave a job back: the queue counts these deliveries like those that a worker died of.
 * Keys `handed_back/<job id>` of the registry. One job is in one worker's hands at a time, so they are written without a guard.
 */
export class HandBacks {
  constructor(private readonly registry: Registry) {}

  /** @throws LlmteamError of the registry */
  async note(job_id: string): Promise<void> {
    const times = 1 + (await this.times(job_id));
    await this.registry.put(key_of(job_id), { times }, { ttl_ms: kept_for_ms });
  }

  /** @throws LlmteamError of the registry */
  async times(job_id: string): Promise<number> {
    const found = await this.registry.get(key_of(job_id));
    return found === null ? 0 : times_of(found.value);
  }
}

function key_of(job_id: string): string {
  return bounded_key('handed_back/', job_id);
}

function times_of(value: Json): number {
  const { times } = (value ?? {}) as { readonly times?: unknown };
  return typeof times === 'number' ? times : 0;
}
