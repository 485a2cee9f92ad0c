import type { JetStreamManager } from '@nats-io/jetstream';
import type { ConnectionWatch } from './connection-watch.js';

const measureEveryMs = 60_000;

/** Estimates the server's clock: the server timestamps messages, so their age must be computed by its clock. */
export class ServerTime {
  private offsetMs = 0;
  private measuredAt = Number.NEGATIVE_INFINITY;
  private measuring: Promise<void> | null = null;

  constructor(
    private readonly watch: ConnectionWatch,
    private readonly manager: JetStreamManager,
    private readonly stream: string,
  ) {}

  /** Epoch milliseconds. */
  now(): number {
    return Date.now() + this.offsetMs;
  }

  /** Measures the offset at most once a minute. If a later measurement fails, the previous offset is kept. */
  async keepMeasured(): Promise<void> {
    if (performance.now() - this.measuredAt < measureEveryMs) return;
    this.measuring ??= this.measure().finally(() => {
      this.measuring = null;
    });
    try {
      await this.measuring;
    } catch (error) {
      if (!Number.isFinite(this.measuredAt)) throw error;
    }
  }

  private async measure(): Promise<void> {
    const before = Date.now();
    const { ts } = await this.watch.ask(() => this.manager.streams.info(this.stream));
    const server = Date.parse(ts ?? '');
    if (Number.isFinite(server)) this.offsetMs = server - (before + Date.now()) / 2;
    this.measuredAt = performance.now();
  }
}
