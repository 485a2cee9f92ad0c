/**
 * Purpose: publishing into streams with acknowledgement, many at a time, on one reply subject for all. The client's own `publish` sets up
 * a request each time, which costs more than the message.
 * Owns: the window of unacknowledged messages; sending them again when the connection is back.
 * Invariants:
 *   P1 Every call settles: with the server's answer, or with an error once nobody answered in time.
 *   P2 At most `window` messages are unacknowledged; further ones wait their turn in order.
 *   P3 A message may be stored twice if the server does not know it by its id: callers give ids, or can live with it.
 */
import { LlmteamError } from '@llmteam/contracts';
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { closed_error } from './closed.js';
import type { ConnectionWatch, PermissionViolation } from './connection-watch.js';
import { type ApiError, nats_error } from './nats-error.js';

export interface Message {
  readonly subject: string;
  readonly body: Uint8Array;
  readonly headers?: MsgHdrs | undefined;
}

export interface Stored {
  readonly seq: number;
  /** The message was known by its id; `seq` is that of the first. */
  readonly duplicate?: boolean;
  /** Messages of the batch that this one ended. */
  readonly count?: number;
  readonly error?: undefined;
}

export type Answer = Stored | { readonly error: ApiError };

/** The connection was lost before the answer came, and the message was not sent again. */
export interface Lost {
  readonly lost: true;
}

interface Pending {
  readonly message: Message;
  /** Not sent again on another connection. */
  readonly once: boolean;
  readonly until: number;
  readonly resolve: (answer: Answer | Lost) => void;
  readonly reject: (error: LlmteamError) => void;
}

const timeout_ms = 5_000;
const sweep_ms = 500;

export class AckedPublisher {
  private readonly inbox: string;
  private readonly pending = new Map<string, Pending>();
  private waiting: Pending[] = [];
  private readonly sweeper: NodeJS.Timeout;
  private readonly when_empty: (() => void)[] = [];
  private sent = 0;
  private is_closed = false;
  /** The server does not let us hear acknowledgements. */
  private deaf: LlmteamError | null = null;

  constructor(
    private readonly connection: NatsConnection,
    private readonly watch: ConnectionWatch,
    private readonly window: number,
  ) {
    this.inbox = createInbox();
    connection.subscribe(`${this.inbox}.*`, {
      callback: (error, msg) => {
        if (error === null) this.answered(msg);
        else this.cannot_hear(error);
      },
    });
    this.sweeper = setInterval(() => this.sweep(), sweep_ms);
    this.sweeper.unref();
    watch.on('back', () => this.send_again());
    watch.on('refused', (violation) => this.refuse(violation));
    watch.on('closed', () => this.give_up_all());
  }

  /** @throws LlmteamError `BACKEND_UNREACHABLE` if nobody answers in time: the message may or may not be stored */
  publish(message: Message): Promise<Answer> {
    // A message that is sent again is never told lost.
    return this.add(message, false) as Promise<Answer>;
  }

  /** As `publish`, but on this connection only: the end of a batch means nothing without the rest. */
  publish_once(message: Message): Promise<Answer | Lost> {
    return this.add(message, true);
  }

  private add(message: Message, once: boolean): Promise<Answer | Lost> {
    return new Promise((resolve, reject) => {
      if (this.is_closed) throw closed_error('NATS connection');
      if (this.deaf !== null) throw this.deaf;
      const pending = { message, once, until: performance.now() + timeout_ms, resolve, reject };
      if (this.pending.size < this.window) this.send(pending);
      else this.waiting.push(pending);
    });
  }

  /** Resolves when everything that was published has been answered or given up. */
  async close(): Promise<void> {
    this.is_closed = true;
    const all = [...this.pending.values(), ...this.waiting];
    if (all.length > 0) await new Promise<void>((resolve) => this.when_empty.push(resolve));
    clearInterval(this.sweeper);
  }

  private send(pending: Pending): void {
    const id = (this.sent++).toString(36);
    this.pending.set(id, pending);
    try {
      this.hand_over(id, pending);
    } catch (error) {
      this.settle(id)?.reject(nats_error(`publish on ${pending.message.subject}`, error));
    }
  }

  private hand_over(id: string, { message }: Pending): void {
    const reply = `${this.inbox}.${id}`;
    const options = message.headers === undefined ? { reply } : { reply, headers: message.headers };
    this.connection.publish(message.subject, message.body, options);
  }

  private settle(id: string): Pending | undefined {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    const next = this.waiting.shift();
    if (next !== undefined) this.send(next);
    if (this.pending.size === 0) for (const tell of this.when_empty.splice(0)) tell();
    return pending;
  }

  private answered(msg: Msg): void {
    const pending = this.settle(msg.subject.slice(this.inbox.length + 1));
    if (pending === undefined) return;
    if (msg.headers?.code === 503) {
      const message = `no stream takes messages on '${pending.message.subject}'`;
      pending.reject(new LlmteamError('BACKEND_UNREACHABLE', message, { details: { no_responders: true } }));
      return;
    }
    try {
      pending.resolve(msg.json<Answer>());
    } catch (error) {
      pending.reject(nats_error(`publish on ${pending.message.subject}`, error));
    }
  }

  private sweep(): void {
    const now = performance.now();
    for (const [id, { until }] of this.pending) {
      if (until <= now) this.give_up(id, this.silence());
    }
    for (const pending of this.waiting.filter(({ until }) => until <= now)) {
      pending.reject(unanswered(pending, `not sent within ${timeout_ms} ms`));
    }
    this.waiting = this.waiting.filter(({ until }) => until > now);
  }

  private silence(): string {
    const reason = `no answer within ${timeout_ms} ms`;
    // A server whose disk is full writes so into its log, and answers nothing.
    return this.watch.is_connected ? `${reason}; its log may say why, a full disk for instance` : reason;
  }

  private give_up(id: string, reason: string): void {
    const pending = this.settle(id);
    pending?.reject(unanswered(pending, reason));
  }

  private give_up_all(): void {
    for (const id of [...this.pending.keys()]) this.give_up(id, 'the connection is closed');
  }

  /** What was on its way may be lost or stored; ids tell the server which. */
  private send_again(): void {
    for (const [id, pending] of [...this.pending]) {
      if (pending.once) this.settle(id)?.resolve({ lost: true });
      else this.hand_over(id, pending);
    }
  }

  /** The server names the subject, not the message. */
  private refuse(violation: PermissionViolation): void {
    if (violation.operation !== 'publish') return;
    for (const [id, { message }] of [...this.pending]) {
      if (message.subject === violation.subject) this.settle(id)?.reject(nats_error('publish', violation));
    }
  }

  private cannot_hear(error: Error): void {
    this.deaf = nats_error('hearing acknowledgements', error);
    for (const id of [...this.pending.keys()]) this.settle(id)?.reject(this.deaf);
  }
}

function unanswered({ message }: Pending, reason: string): LlmteamError {
  const text = `the NATS server did not acknowledge a message on '${message.subject}': ${reason}`;
  return new LlmteamError('BACKEND_UNREACHABLE', text);
}
