/**
 * Purpose: the open streams of a gateway.
 * Owns: opening and closing readers, heartbeats, and disconnecting readers whose API key is no longer valid.
 */
import type { Clock, RunKey, Timer } from '@llmteam/contracts';
import type { KeyRing, Principal } from '../keys/key-ring.js';
import type { GatewayLimits } from '../limits/gateway-limits.js';
import type { TenantLimits } from '../limits/tenant-limits.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { FollowedRun, Followers } from './followers.js';
import { type CloseReason, type Outlet, Reader } from './reader.js';

export interface StreamsDeps {
  readonly followers: Followers;
  readonly keys: KeyRing;
  readonly tenants: TenantLimits;
  readonly metrics: Pick<GatewayMetrics, 'readerCutOff'>;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
}

/** A run that is ready to be read; it holds one of the tenant's stream slots. */
export interface PreparedStream {
  /** The run has ended, and no event is left to send. */
  isOver(): boolean;
  /** Gives the slot back without reading. */
  release(): void;
  begin(outlet: Outlet): Reader;
}

export class Streams {
  private readonly readers = new Map<Reader, Principal>();
  private beat: Timer | null = null;
  private isStopping = false;
  private readonly unwatch: () => void;

  constructor(private readonly deps: StreamsDeps) {
    this.unwatch = deps.keys.onChange(() => this.disconnectRevoked());
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
      const isOver = () => run.follower.hasEnded && fromSeq > run.follower.lastSeq;
      return { isOver, release, begin: (outlet) => this.begin(principal, run, outlet, fromSeq, leave) };
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
      if (reason === 'slow') this.deps.metrics.readerCutOff();
    };
    const reader = new Reader(run, outlet, { fromSeq, limits, clock, gate: followers.gate, onClose });
    this.readers.set(reader, principal);
    this.beat ??= this.nextBeat();
    if (this.isStopping) reader.close('stopping');
    else reader.wake();
    return reader;
  }

  /** Disconnects every reader. */
  close(): void {
    this.isStopping = true;
    this.unwatch();
    this.beat?.cancel();
    for (const reader of [...this.readers.keys()]) reader.close('stopping');
  }

  private nextBeat(): Timer {
    return this.deps.clock.after(this.deps.limits.heartbeat_ms, () => {
      this.disconnectRevoked();
      for (const reader of [...this.readers.keys()]) reader.heartbeat();
      this.beat = this.readers.size === 0 || this.isStopping ? null : this.nextBeat();
    });
  }

  private disconnectRevoked(): void {
    for (const [reader, { key }] of [...this.readers]) {
      if (!this.deps.keys.isStillValid(key)) reader.close('revoked');
    }
  }
}
