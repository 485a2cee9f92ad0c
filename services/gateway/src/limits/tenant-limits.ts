/**
 * Purpose: limits what one tenant may use, so that one tenant's load does not affect the others.
 * Owns: the counters. A refusal says when to retry and costs no more than its response.
 */
import { LlmteamError } from '@llmteam/contracts';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { GatewayLimits } from './gateway-limits.js';

export class TenantLimits {
  private readonly requests: RateLimiterMemory;
  private readonly starts: RateLimiterMemory;
  private readonly segmentBytes: RateLimiterMemory;
  private readonly streams = new Map<string, number>();
  /** Starts that were admitted but do not count as active runs yet. */
  private readonly starting = new Map<string, number>();

  constructor(
    private readonly limits: GatewayLimits,
    private readonly activeRuns: (tenantId: string) => number,
  ) {
    this.requests = new RateLimiterMemory({ points: limits.requests_per_second, duration: 1 });
    this.starts = new RateLimiterMemory({ points: limits.starts_per_second, duration: 1 });
    const rate = limits.segment_bytes_per_second;
    // Long enough for one segment of the largest size.
    const duration = Math.max(1, Math.ceil(limits.segment_bytes / rate));
    this.segmentBytes = new RateLimiterMemory({ points: rate * duration, duration });
  }

  /** @throws LlmteamError `RATE_LIMITED` */
  async admitRequest(tenantId: string): Promise<void> {
    await take(this.requests, tenantId, `${this.limits.requests_per_second} requests per second`);
  }

  /** What a tenant has left, as headers of its responses (draft-ietf-httpapi-ratelimit-headers). */
  async requestHeaders(tenantId: string): Promise<Readonly<Record<string, string>>> {
    const limit = this.limits.requests_per_second;
    const state = await this.requests.get(tenantId);
    const left = state === null ? limit : Math.max(0, state.remainingPoints);
    const seconds = state === null ? 1 : Math.max(1, Math.ceil(state.msBeforeNext / 1_000));
    return { RateLimit: `"requests";r=${left};t=${seconds}`, 'RateLimit-Policy': `"requests";q=${limit};w=1` };
  }

  /** Charges the size of a segment: validating a large one takes seconds. @throws LlmteamError `RATE_LIMITED` */
  async admitSegment(tenantId: string, bytes: number): Promise<void> {
    await take(
      this.segmentBytes,
      tenantId,
      `${this.limits.segment_bytes_per_second} bytes of segments per second`,
      bytes,
    );
  }

  /** Runs `start` if the tenant may start another run. @throws LlmteamError `RATE_LIMITED` */
  async admitStart<T>(tenantId: string, start: () => Promise<T>): Promise<T> {
    await take(this.starts, tenantId, `${this.limits.starts_per_second} starts per second`);
    const starting = this.starting.get(tenantId) ?? 0;
    if (this.activeRuns(tenantId) + starting >= this.limits.active_runs) {
      throw refused(`${this.limits.active_runs} active runs`, 5);
    }
    this.starting.set(tenantId, starting + 1);
    try {
      return await start();
    } finally {
      change(this.starting, tenantId, -1);
    }
  }

  /** The returned function releases the slot; calling it again is a no-op. @throws LlmteamError `RATE_LIMITED` */
  openStream(tenantId: string): () => void {
    const open = this.streams.get(tenantId) ?? 0;
    if (open >= this.limits.open_streams) throw refused(`${this.limits.open_streams} open streams`, 1);
    this.streams.set(tenantId, open + 1);
    let isOpen = true;
    return () => {
      if (isOpen) change(this.streams, tenantId, -1);
      isOpen = false;
    };
  }
}

async function take(limiter: RateLimiterMemory, tenantId: string, what: string, points = 1): Promise<void> {
  try {
    await limiter.consume(tenantId, points);
  } catch (thrown) {
    if (!(thrown instanceof RateLimiterRes)) throw thrown;
    throw refused(what, thrown.msBeforeNext / 1000, thrown);
  }
}

function refused(what: string, retryAfterSeconds: number, cause?: unknown): LlmteamError {
  return new LlmteamError('RATE_LIMITED', `the tenant has reached its limit of ${what}`, {
    details: { retry_after_seconds: retryAfterSeconds },
    ...(cause !== undefined && { cause }),
  });
}

function change(counts: Map<string, number>, tenantId: string, by: number): void {
  const left = (counts.get(tenantId) ?? 0) + by;
  if (left > 0) counts.set(tenantId, left);
  else counts.delete(tenantId);
}
