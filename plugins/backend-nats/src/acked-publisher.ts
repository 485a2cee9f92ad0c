/**
 * Purpose: publishes to streams with acknowledgements, many at a time on one reply inbox. The client's own `publish` sets up a
 * request per message, which costs more than the message itself.
 * Owns: the window of unacknowledged messages; resending them when the connection is back.
 * Invariants:
 *   P1 Every call settles: with the server's answer, or with an error after a timeout.
 *   P2 At most `window` messages are unacknowledged; further ones wait in order.
 *   P3 A message without an id known to the server may be stored twice: callers pass ids or tolerate it.
 */
import { closedError, LlmteamError } from '@llmteam/contracts';
import { createInbox, type Msg, type NatsConnection } from '@nats-io/transport-node';
import type { ConnectionWatch, PermissionViolation } from './connection-watch.js';
import { type HeaderTable, MessageHeaders } from './message-headers.js';
import { type ApiError, natsError } from './nats-error.js';

export interface Message {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers?: HeaderTable | undefined;
}

export interface Stored {
  readonly seq: number;
  /** The message was a duplicate by its id; `seq` is that of the original. */
  readonly duplicate?: boolean;
  /** Number of messages in the batch that this one committed. */
  readonly count?: number;
  readonly error?: undefined;
}

export type Answer = Stored | { readonly error: ApiError };

/** The connection was lost before the answer arrived, and the message was not resent. */
export interface Lost {
  readonly lost: true;
}

/** The result of publishing a message; an error if nobody answered. */
export type Outcome = Answer | LlmteamError;

interface Pending {
  readonly message: Message;
  /** Not resent after a reconnect. */
  readonly once: boolean;
  readonly until: number;
  readonly settled: (outcome: Outcome | Lost) => void;
}

const timeoutMs = 5_000;
const sweepMs = 500;

export class AckedPublisher {
  private readonly inbox: string;
  private readonly pending = new Map<number, Pending>();
  private waiting: Pending[] = [];
  private readonly sweeper: NodeJS.Timeout;
  private readonly whenEmpty: (() => void)[] = [];
  private sent = 0;
  private isClosed = false;
  /** Set if the server does not permit the subscription for acknowledgements. */
  private inboxError: LlmteamError | null = null;

  constructor(
    private readonly connection: NatsConnection,
    private readonly watch: ConnectionWatch,
    private readonly window: number,
  ) {
    this.inbox = createInbox();
    connection.subscribe(`${this.inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.answered(msg);
        else this.failInbox(error);
      },
    });
    this.sweeper = setInterval(() => this.sweep(), sweepMs);
    this.sweeper.unref();
    watch.on('back', () => this.resend());
    watch.on('refused', (violation) => this.refuse(violation));
    watch.on('closed', () => this.failAll());
  }

  /** @throws LlmteamError `BACKEND_UNREACHABLE` if nobody answers in time: the message may or may not be stored */
  publish(message: Message): Promise<Answer> {
    // A message that may be resent is never reported as lost.
    return this.addOne(message, false) as Promise<Answer>;
  }

  /** Like `publish`, but without resending after a reconnect: the end of a batch is useless without the rest. */
  publishOnce(message: Message): Promise<Answer | Lost> {
    return this.addOne(message, true);
  }

  /** Publishes many messages; resolves with the outcome of each, in order. */
  publishEach(messages: readonly Message[]): Promise<readonly Outcome[]> {
    return new Promise((resolve) => {
      const outcomes = new Array<Outcome>(messages.length);
      let left = messages.length;
      if (left === 0) resolve(outcomes);
      messages.forEach((message, index) => {
        this.add(message, false, (outcome) => {
          outcomes[index] = outcome as Outcome;
          if (--left === 0) resolve(outcomes);
        });
      });
    });
  }

  private addOne(message: Message, once: boolean): Promise<Answer | Lost> {
    return new Promise((resolve, reject) => {
      this.add(message, once, (outcome) => {
        if (outcome instanceof LlmteamError) reject(outcome);
        else resolve(outcome);
      });
    });
  }

  private add(message: Message, once: boolean, settled: Pending['settled']): void {
    const failure = this.isClosed ? closedError('NATS connection') : this.inboxError;
    if (failure !== null) {
      settled(failure);
      return;
    }
    const pending = { message, once, until: performance.now() + timeoutMs, settled };
    if (this.pending.size < this.window) this.send(pending);
    else this.waiting.push(pending);
  }

  /** Resolves once every published message has been answered or has failed. */
  async close(): Promise<void> {
    this.isClosed = true;
    const all = [...this.pending.values(), ...this.waiting];
    if (all.length > 0) await new Promise<void>((resolve) => this.whenEmpty.push(resolve));
    clearInterval(this.sweeper);
  }

  private send(pending: Pending): void {
    const id = this.sent++;
    this.pending.set(id, pending);
    try {
      this.transmit(id, pending);
    } catch (error) {
      this.settle(id)?.settled(natsError(`publish on ${pending.message.subject}`, error));
    }
  }

  private transmit(id: number, { message }: Pending): void {
    const reply = `${this.inbox}.${id}`;
    const { subject, body, headers } = message;
    const options = headers === undefined ? { reply } : { reply, headers: new MessageHeaders(headers) };
    this.connection.publish(subject, body, options);
  }

  private settle(id: number): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    const next = this.waiting.shift();
    if (next !== undefined) this.send(next);
    if (this.pending.size === 0) for (const notify of this.whenEmpty.splice(0)) notify();
    return pending;
  }

  private answered(msg: Msg): void {
    const pending = this.settle(Number(msg.subject.slice(this.inbox.length + 1)));
    if (pending === undefined) return;
    if (msg.headers?.code === 503) {
      const message = `no stream accepts messages on '${pending.message.subject}'`;
      pending.settled(new LlmteamError('BACKEND_UNREACHABLE', message, { details: { no_responders: true } }));
      return;
    }
    pending.settled(answerIn(msg, pending.message));
  }

  private sweep(): void {
    const now = performance.now();
    for (const [id, { until }] of this.pending) {
      if (until <= now) this.fail(id, this.timeoutReason());
    }
    for (const pending of this.waiting.filter(({ until }) => until <= now)) {
      pending.settled(unanswered(pending, `not sent within ${timeoutMs} ms`));
    }
    this.waiting = this.waiting.filter(({ until }) => until > now);
  }

  private timeoutReason(): string {
    const reason = `no answer within ${timeoutMs} ms`;
    // A server whose disk is full logs it and does not answer.
    return this.watch.isConnected ? `${reason}; its log may say why, for example a full disk` : reason;
  }

  private fail(id: number, reason: string): void {
    const pending = this.settle(id);
    pending?.settled(unanswered(pending, reason));
  }

  private failAll(): void {
    for (const id of [...this.pending.keys()]) this.fail(id, 'the connection is closed');
  }

  /** Messages in flight may be lost or stored; the server deduplicates by id. */
  private resend(): void {
    for (const [id, pending] of [...this.pending]) {
      if (pending.once) this.settle(id)?.settled({ lost: true });
      else this.transmit(id, pending);
    }
  }

  /** The server reports the subject, not the message. */
  private refuse(violation: PermissionViolation): void {
    if (violation.operation !== 'publish') return;
    for (const [id, { message }] of [...this.pending]) {
      if (message.subject === violation.subject) this.settle(id)?.settled(natsError('publish', violation));
    }
  }

  private failInbox(error: Error): void {
    this.inboxError = natsError('subscribing to acknowledgements', error);
    for (const id of [...this.pending.keys()]) this.settle(id)?.settled(this.inboxError);
  }
}

function answerIn(msg: Msg, { subject }: Message): Outcome {
  try {
    return msg.json<Answer>();
  } catch (error) {
    return natsError(`publish on ${subject}`, error);
  }
}

function unanswered({ message }: Pending, reason: string): LlmteamError {
  const text = `the NATS server did not acknowledge a message on '${message.subject}': ${reason}`;
  return new LlmteamError('BACKEND_UNREACHABLE', text);
}
