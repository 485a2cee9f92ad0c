/**
 * Purpose: tracks the state of the connection and notifies listeners of changes.
 * Owns: whether it is connected; logging changes. Does not own: reconnecting, which the client does.
 * Invariant: requests made while disconnected would never be sent, so they are rejected immediately.
 */
import { EventEmitter } from 'node:events';
import { LlmteamError, type Logger } from '@llmteam/contracts';
import { errors, type NatsConnection, type Status } from '@nats-io/transport-node';

export type PermissionViolation = InstanceType<typeof errors.PermissionViolationError>;

interface Events {
  lost: [];
  back: [];
  /** The server does not permit a publish or subscription of this connection. */
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
    // One listener per reader and consumer.
    this.events.setMaxListeners(0);
    void this.follow(connection.status());
  }

  get isConnected(): boolean {
    return this.connected;
  }

  /** Returns a function that removes the listener. */
  on<E extends keyof Events>(event: E, listener: (...args: Events[E]) => void): () => void {
    const listen = listener as (...args: unknown[]) => void;
    this.events.on(event as keyof Events, listen);
    return () => this.events.off(event as keyof Events, listen);
  }

  /** Runs a request; rejects as soon as the connection is lost, where the client alone would wait for its timeout. */
  ask<T>(request: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.connected) throw notConnected();
      const forget = this.on('lost', () => reject(notConnected()));
      request().then(resolve, reject).finally(forget);
    });
  }

  /** Sleeps for `ms`, or until the connection is back or closed. */
  async pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => finish(), ms);
      const forget = [this.on('back', () => finish()), this.on('closed', () => finish())];
      const finish = (): void => {
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
      log.warn({ server: status.server }, 'lost the connection to the NATS server');
      this.events.emit('lost');
    } else if (status.type === 'reconnect') {
      this.connected = true;
      log.info({ server: status.server }, 'reconnected to the NATS server');
      this.events.emit('back');
    } else if (status.type === 'error') {
      log.error({ err: status.error }, 'the NATS server reported an error');
      if (status.error instanceof errors.PermissionViolationError) this.events.emit('refused', status.error);
    }
  }
}

function notConnected(): LlmteamError {
  return new LlmteamError('BACKEND_UNREACHABLE', 'there is no connection to the NATS server');
}
