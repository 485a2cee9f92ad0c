/**
 * Purpose: the open streams of a gateway.
 * Owns: opening and closing readers, heartbeats, cutting off readers that take nothing, the memory for what readers have not read, and
 * disconnecting readers whose API key is no longer valid.
 */
import type { Clock, RunKey, Timer } from '@llmteam/contracts';
import type { KeyRing, Principal } from '../keys/key-ring.js';
import type { GatewayLimits } from '../limits/gateway-limits.js';
import type { TenantLimits } from '../limits/tenant-limits.js';
import type { GatewayMetrics } from '../metrics/gateway-metrics.js';
import type { FollowedRun, Followers } from './followers.js';
import { MemoryBudget } from './memory-budget.js';
import { type Outlet, Reader } from './reader.js';
import { SendTurns } from './send-turns.js';

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

/** What clients have not read: in all, and of one reader while that lasts and after. */
const unreadInAll = 64 * 1024 * 1024;
const unreadPerReader = 64 * 1024;
const unreadAnyway = 16 * 1024;
const checksPerSlowTime = 4;

export class Streams {
  private readonly readers = new Map<Reader, Principal>();
  private readonly budget = new MemoryBudget(unreadInAll, unreadPerReader, unreadAnyway);
  private readonly turns = new SendTurns();
  private beat: Timer | null = null;
  private nextCheck: Timer | null = null;
  private isStopping = false;
  private readonly unwatch: () => void;

  constructor(private readonly deps: StreamsDeps) {
    this.unwatch = deps.keys.onChange(() => this.disconnectRevoked());
  }

  get open(): number {
    return this.readers.size;
  }

  /** Bytes that were sent to readers and wait in this process. */
  get unreadBytes(): number {
    for (const reader of this.readers.keys()) reader.look();
    return this.budget.used;
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
    const onGone = (): void => {
      this.readers.delete(reader);
      leave();
    };
    const onCutOff = (): void => this.deps.metrics.readerCutOff();
    const shared = { gate: followers.gate, budget: this.budget, turns: this.turns };
    const reader = new Reader(run, outlet, { fromSeq, limits, clock, ...shared, onCutOff, onGone });
    this.readers.set(reader, principal);
    this.beat ??= this.beatLater();
    this.nextCheck ??= this.checkLater();
    if (this.isStopping) reader.close('stopping');
    else reader.wake();
    return reader;
  }

  /** Disconnects every reader. */
  close(): void {
    this.isStopping = true;
    this.unwatch();
    this.beat?.cancel();
    this.nextCheck?.cancel();
    for (const reader of [...this.readers.keys()]) reader.close('stopping');
  }

  private beatLater(): Timer {
    return this.deps.clock.after(this.deps.limits.heartbeat_ms, () => {
      this.disconnectRevoked();
      for (const reader of [...this.readers.keys()]) reader.heartbeat();
      this.beat = this.isIdle ? null : this.beatLater();
    });
  }

  private checkLater(): Timer {
    return this.deps.clock.after(this.deps.limits.slow_reader_ms / checksPerSlowTime, () => {
      for (const reader of [...this.readers.keys()]) reader.check();
      this.nextCheck = this.isIdle ? null : this.checkLater();
    });
  }

  private get isIdle(): boolean {
    return this.readers.size === 0 || this.isStopping;
  }

  private disconnectRevoked(): void {
    for (const [reader, { key }] of [...this.readers]) {
      if (!this.deps.keys.isStillValid(key)) reader.close('revoked');
    }
  }
}
