/**
 * Purpose: the stream of jobs while the backend is open: made when it is missing, and watched.
 * Owns: noticing that jobs were lost with it. Jobs follow from the journal, so losing them costs nothing but publishing them again.
 */
import type { Logger } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Names } from './names.js';
import type { ServerVersion } from './server-version.js';
import type { NatsSettings } from './settings.js';
import { ensure_stream, jobs_config } from './streams.js';

export class JobsStream {
  is_connected = true;
  /** When the stream was made, by the server; '' before the first look. */
  private created = '';
  private tell_lost: () => void = () => undefined;

  constructor(
    private readonly connection: NatsConnection,
    private readonly manager: JetStreamManager,
    private readonly settings: NatsSettings,
    private readonly names: Names,
    private readonly version: ServerVersion,
    private readonly log: Logger,
  ) {}

  /** Makes the stream if it is not there, and notices if it is another one than before. */
  async ensure(): Promise<void> {
    const { created } = await ensure_stream(this.manager, jobs_config(this.settings, this.names, this.version));
    const before = this.created;
    this.created = created;
    if (before === '' || before === created) return;
    this.log.warn({ stream: this.names.jobs_stream }, 'the stream of jobs was made anew; jobs are published again');
    this.tell_lost();
  }

  /** Until the connection closes. */
  watch(lost: () => void): void {
    this.tell_lost = lost;
    void this.follow_connection();
  }

  private async follow_connection(): Promise<void> {
    for await (const { type } of this.connection.status()) {
      if (type === 'disconnect') this.is_connected = false;
      if (type !== 'reconnect') continue;
      this.is_connected = true;
      await this.ensure().catch((err: unknown) => this.log.warn({ err }, 'the stream of jobs could not be checked'));
    }
  }
}
