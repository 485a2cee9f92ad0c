/**
 * Purpose: the open streams of a gateway.
 * Owns: opening and closing readers, heartbeats, and sending away those whose key no longer counts.
 */
import type { Clock, RunKey, Timer } from '@llmteam/contracts';
import type { KeyRing, Principal } from '../keys/key-ring.js';
import type { GatewayLimits } from '../limits.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { TenantLimits } from '../tenant-limits.js';
import type { FollowedRun, Followers } from './followers.js';
import { type CloseReason, type Outlet, Reader } from './reader.js';

export interface StreamsDeps {
  readonly followers: Followers;
  readonly keys: KeyRing;
  readonly tenants: TenantLimits;
  readonly metrics: () => GatewayMetrics;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
}

/** A run ready to be read, with a place among the tenant's streams. */
export interface PreparedStream {
  readonly run: FollowedRun;
  /** For who decides not to read after all. */
  release(): void;
  begin(outlet: Outlet): Reader;
}

export class Streams {
  private readonly readers = new Map<Reader, Principal>();
  private beat: Timer | null = null;
  private isStopping = false;
  private readonly unwatch: () => void;

  constructor(private readonly deps: StreamsDeps) {
    this.unwatch = deps.keys.onChange(() => this.sendAwayTheRevoked());
  }

  get open(): number {
    return this.readers.size;
  }

  /** @throws LlmteamError `RUN_UNKNOWN`, `RATE_LIMITED` */
  async prepare(principal: Principal, key: RunKey, fromSeq: number): Promise<PreparedStream> {
    const leave = this.deps.tenants.openStream(principal.tenant_id);
    try {
      const run = await this.deps.followers.open(key);
      const release = () => {
        run.release();
        leave();
      };
      return { run, release, begin: (outlet) => this.begin(principal, run, outlet, fromSeq, leave) };
    } catch (error) {
      leave();
      throw error;
    }
  }

  private begin(principal: Principal, run: FollowedRun, outlet: Outlet, fromSeq: number, leave: () => void): Reader {
    const { limits, clock, followers } = this.deps;
    const onClose = (reason: CloseReason): void => {
      this.readers.delete(reader);
      leave();
      if (reason === 'slow') this.deps.metrics().readerCutOff();
    };
    const reader = new Reader(run, outlet, { fromSeq, limits, clock, gate: followers.gate, onClose });
    this.readers.set(reader, principal);
    this.beat ??= this.nextBeat();
    if (this.isStopping) reader.close('stopping');
    else reader.wake();
    return reader;
  }

  /** Sends every reader away. */
  close(): void {
    this.isStopping = true;
    this.unwatch();
    this.beat?.cancel();
    for (const reader of [...this.readers.keys()]) reader.close('stopping');
  }

  private nextBeat(): Timer {
    return this.deps.clock.after(this.deps.limits.heartbeat_ms, () => {
      this.sendAwayTheRevoked();
      for (const reader of [...this.readers.keys()]) reader.heartbeat();
      this.beat = this.readers.size === 0 || this.isStopping ? null : this.nextBeat();
    });
  }

  private sendAwayTheRevoked(): void {
    for (const [reader, { key }] of [...this.readers]) {
      if (!this.deps.keys.stillCounts(key)) reader.close('revoked');
    }
  }
}
