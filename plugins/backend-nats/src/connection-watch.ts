/**
 * Purpose: what happens to the connection, told to those whose work depends on it.
 * Owns: whether there is one; the log of its changes. Does not own: connecting again, which the client does by itself.
 * Invariant: nothing the client is asked while there is no connection arrives, ever; so whoever asks hears at once that there is none.
 */
import { EventEmitter } from 'node:events';
import { LlmteamError, type Logger } from '@llmteam/contracts';
import { errors, type NatsConnection, type Status } from '@nats-io/transport-node';

export type PermissionViolation = InstanceType<typeof errors.PermissionViolationError>;

interface Events {
  lost: [];
  back: [];
  /** The server refuses something this connection wanted to publish or to hear. */
  refused: [PermissionViolation];
  closed: [];
}

export class ConnectionWatch {
  private readonly events = new EventEmitter<Events>();
  private connected = true;

  constructor(
    connection: NatsConnection,
    private readonly log: Logger,
  ) {
    // Every reader and consumer listens.
    this.events.setMaxListeners(0);
    void this.follow(connection.status());
  }

  get isConnected(): boolean {
    return this.connected;
  }

  /** Answers how to stop listening. */
  on<E extends keyof Events>(event: E, listener: (...told: Events[E]) => void): () => void {
    const listen = listener as (...told: unknown[]) => void;
    this.events.on(event as keyof Events, listen);
    return () => this.events.off(event as keyof Events, listen);
  }

  /** The client would wait for an answer until its time is up; this rejects as soon as the connection is gone. */
  ask<T>(question: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.connected) throw notConnected();
      const forget = this.on('lost', () => reject(notConnected()));
      question().then(resolve, reject).finally(forget);
    });
  }

  /** Waits, but not beyond the moment the connection is back or closed. */
  async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => goOn(), ms);
      const forget = [this.on('back', () => goOn()), this.on('closed', () => goOn())];
      const goOn = (): void => {
        clearTimeout(timer);
        for (const stop of forget) stop();
        resolve();
      };
    });
  }

  private async follow(statuses: AsyncIterable<Status>): Promise<void> {
    for await (const status of statuses) this.take(status);
    this.connected = false;
    this.events.emit('lost');
    this.events.emit('closed');
  }

  private take(status: Status): void {
    const { log } = this;
    if (status.type === 'disconnect') {
      this.connected = false;
      log.warn({ server: status.server }, 'the connection to the NATS server is lost');
      this.events.emit('lost');
    } else if (status.type === 'reconnect') {
      this.connected = true;
      log.info({ server: status.server }, 'connected to the NATS server again');
      this.events.emit('back');
    } else if (status.type === 'error') {
      log.error({ err: status.error }, 'the NATS server reports an error');
      if (status.error instanceof errors.PermissionViolationError) this.events.emit('refused', status.error);
    }
  }
}

function notConnected(): LlmteamError {
  return new LlmteamError('BACKEND_UNREACHABLE', 'there is no connection to the NATS server');
}
