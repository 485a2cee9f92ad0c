import type { JetStreamManager } from '@nats-io/jetstream';
import type { ConnectionWatch } from './connection-watch.js';

const again_after_ms = 60_000;

/** The server's clock as seen from here: what is written is dated by the server, so its age is judged by the server's clock. */
export class ServerTime {
  private offset_ms = 0;
  private measured_at = Number.NEGATIVE_INFINITY;
  private measuring: Promise<void> | null = null;

  constructor(
    private readonly watch: ConnectionWatch,
    private readonly manager: JetStreamManager,
    private readonly stream: string,
  ) {}

  /** Epoch milliseconds. */
  now(): number {
    return Date.now() + this.offset_ms;
  }

  /** Measures once a minute, when asked. A clock that was measured once is good enough until it can be measured again. */
  async keep_measured(): Promise<void> {
    if (performance.now() - this.measured_at < again_after_ms) return;
    this.measuring ??= this.measure().finally(() => {
      this.measuring = null;
    });
    try {
      await this.measuring;
    } catch (error) {
      if (!Number.isFinite(this.measured_at)) throw error;
    }
  }

  private async measure(): Promise<void> {
    const before = Date.now();
    const { ts } = await this.watch.ask(() => this.manager.streams.info(this.stream));
    const server = Date.parse(ts ?? '');
    if (Number.isFinite(server)) this.offset_ms = server - (before + Date.now()) / 2;
    this.measured_at = performance.now();
  }
}
