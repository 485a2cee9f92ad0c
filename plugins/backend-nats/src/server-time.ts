import type { JetStreamManager } from '@nats-io/jetstream';

const again_after_ms = 60_000;

/** The server's clock as seen from here: what is written is dated by the server, so its age is judged by the server's clock. */
export class ServerTime {
  private offset_ms = 0;
  private measured_at = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly manager: JetStreamManager,
    private readonly stream: string,
  ) {}

  /** Epoch milliseconds. */
  now(): number {
    return Date.now() + this.offset_ms;
  }

  /** Server minus local, in milliseconds. */
  get offset(): number {
    return this.offset_ms;
  }

  /** Measures once a minute, when asked. */
  async keep_measured(): Promise<void> {
    if (performance.now() - this.measured_at < again_after_ms) return;
    this.measured_at = performance.now();
    const before = Date.now();
    const { ts } = await this.manager.streams.info(this.stream);
    const server = Date.parse(ts ?? '');
    if (Number.isFinite(server)) this.offset_ms = server - (before + Date.now()) / 2;
  }
}
