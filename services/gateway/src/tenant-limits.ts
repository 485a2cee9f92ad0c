/**
 * Purpose: what one tenant may use of a gateway, so that no other feels it.
 * Owns: counting. A refusal says when to come again and costs nothing but the answer.
 */
import { LlmteamError } from '@llmteam/contracts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { GatewayLimits } from './limits.js';

export class TenantLimits {
  private readonly requests: RateLimiterMemory;
  private readonly starts: RateLimiterMemory;
  private readonly streams = new Map<string, number>();
  /** Starts that were let through and are not counted as live runs yet. */
  private readonly starting = new Map<string, number>();

  constructor(
    private readonly limits: GatewayLimits,
    private readonly active_runs: (tenant_id: string) => number,
  ) {
    this.requests = new RateLimiterMemory({ points: limits.requests_per_second, duration: 1 });
    this.starts = new RateLimiterMemory({ points: limits.starts_per_second, duration: 1 });
  }

  /** @throws LlmteamError `RATE_LIMITED` */
  async admit_request(tenant_id: string): Promise<void> {
    await take(this.requests, tenant_id, `${this.limits.requests_per_second} requests per second`);
  }

  /** Runs `start` if the tenant may start another run. @throws LlmteamError `RATE_LIMITED` */
  async admit_start<T>(tenant_id: string, start: () => Promise<T>): Promise<T> {
    await take(this.starts, tenant_id, `${this.limits.starts_per_second} starts per second`);
    const starting = this.starting.get(tenant_id) ?? 0;
    if (this.active_runs(tenant_id) + starting >= this.limits.active_runs) {
      throw refused(`${this.limits.active_runs} active runs`, 5);
    }
    this.starting.set(tenant_id, starting + 1);
    try {
      return await start();
    } finally {
      change(this.starting, tenant_id, -1);
    }
  }

  /** The function gives the place back, once. @throws LlmteamError `RATE_LIMITED` */
  open_stream(tenant_id: string): () => void {
    const open = this.streams.get(tenant_id) ?? 0;
    if (open >= this.limits.open_streams) throw refused(`${this.limits.open_streams} open streams`, 1);
    this.streams.set(tenant_id, open + 1);
    let is_open = true;
    return () => {
      if (is_open) change(this.streams, tenant_id, -1);
      is_open = false;
    };
  }
}

async function take(limiter: RateLimiterMemory, tenant_id: string, what: string): Promise<void> {
  try {
    await limiter.consume(tenant_id);
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    throw refused(what, thrown.msBeforeNext / 1000, thrown);
  }
}

function refused(what: string, retry_after_seconds: number, cause?: unknown): LlmteamError {
  return new LlmteamError('RATE_LIMITED', `the tenant has reached its limit of ${what}`, {
    details: { retry_after_seconds },
    ...(cause !== undefined && { cause }),
  });
}

function change(counts: Map<string, number>, tenant_id: string, by: number): void {
  const left = (counts.get(tenant_id) ?? 0) + by;
  if (left > 0) counts.set(tenant_id, left);
  else counts.delete(tenant_id);
}
