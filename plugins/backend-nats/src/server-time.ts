import type { JetStreamManager } from '@nats-io/jetstream';
import type { ConnectionWatch } from './connection-watch.js';

const againAfterMs = 60_000;

/** The server's clock as seen from here: what is written is dated by the server, so its age is judged by the server's clock. */
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

  /** Measures once a minute, when asked. A clock that was measured once is good enough until it can be measured again. */
  async keepMeasured(): Promise<void> {
    if (performance.now() - this.measuredAt < againAfterMs) return;
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
