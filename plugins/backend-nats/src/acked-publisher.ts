/**
 * Purpose: publishing into streams with acknowledgement, many at a time, on one reply subject for all. The client's own `publish` sets up
 * a request each time, which costs more than the message.
 * Owns: the window of unacknowledged messages; sending them again when the connection is back.
 * Invariants:
 *   P1 Every call settles: with the server's answer, or with an error once nobody answered in time.
 *   P2 At most `window` messages are unacknowledged; further ones wait their turn in order.
 *   P3 A message may be stored twice if the server does not know it by its id: callers give ids, or can live with it.
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

/** What became of a message; an error if nobody answered. */
export type Outcome = Answer | LlmteamError;

interface Pending {
  readonly message: Message;
  /** Not sent again on another connection. */
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
        else this.cannotHear(error);
      },
    });
    this.sweeper = setInterval(() => this.sweep(), sweepMs);
    this.sweeper.unref();
    watch.on('back', () => this.sendAgain());
    watch.on('refused', (violation) => this.refuse(violation));
    watch.on('closed', () => this.giveUpAll());
  }

  /** @throws LlmteamError `BACKEND_UNREACHABLE` if nobody answers in time: the message may or may not be stored */
  publish(message: Message): Promise<Answer> {
    // A message that is sent again is never told lost.
    return this.addOne(message, false) as Promise<Answer>;
  }

  /** As `publish`, but on this connection only: the end of a batch means nothing without the rest. */
  publishOnce(message: Message): Promise<Answer | Lost> {
    return this.addOne(message, true);
  }

  /** Many as one promise: what became of each, in their order. */
  publishEach(messages: readonly Message[]): Promise<readonly Outcome[]> {
    return new Promise((resolve) => {
      const outcomes = new Array<Outcome>(messages.length);
      let left = messages.length;
      if (left === 0) resolve(outcomes);
      messages.forEach((message, place) => {
        this.add(message, false, (outcome) => {
          outcomes[place] = outcome as Outcome;
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
    const refused = this.isClosed ? closedError('NATS connection') : this.deaf;
    if (refused !== null) {
      settled(refused);
      return;
    }
    const pending = { message, once, until: performance.now() + timeoutMs, settled };
    if (this.pending.size < this.window) this.send(pending);
    else this.waiting.push(pending);
  }

  /** Resolves when everything that was published has been answered or given up. */
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
      this.handOver(id, pending);
    } catch (error) {
      this.settle(id)?.settled(natsError(`publish on ${pending.message.subject}`, error));
    }
  }

  private handOver(id: number, { message }: Pending): void {
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
    if (this.pending.size === 0) for (const tell of this.whenEmpty.splice(0)) tell();
    return pending;
  }

  private answered(msg: Msg): void {
    const pending = this.settle(Number(msg.subject.slice(this.inbox.length + 1)));
    if (pending === undefined) return;
    if (msg.headers?.code === 503) {
      const message = `no stream takes messages on '${pending.message.subject}'`;
      pending.settled(new LlmteamError('BACKEND_UNREACHABLE', message, { details: { no_responders: true } }));
      return;
    }
    pending.settled(answerIn(msg, pending.message));
  }

  private sweep(): void {
    const now = performance.now();
    for (const [id, { until }] of this.pending) {
      if (until <= now) this.giveUp(id, this.silence());
    }
    for (const pending of this.waiting.filter(({ until }) => until <= now)) {
      pending.settled(unanswered(pending, `not sent within ${timeoutMs} ms`));
    }
    this.waiting = this.waiting.filter(({ until }) => until > now);
  }

  private silence(): string {
    const reason = `no answer within ${timeoutMs} ms`;
    // A server whose disk is full writes so into its log, and answers nothing.
    return this.watch.isConnected ? `${reason}; its log may say why, a full disk for instance` : reason;
  }

  private giveUp(id: number, reason: string): void {
    const pending = this.settle(id);
    pending?.settled(unanswered(pending, reason));
  }

  private giveUpAll(): void {
    for (const id of [...this.pending.keys()]) this.giveUp(id, 'the connection is closed');
  }

  /** What was on its way may be lost or stored; ids tell the server which. */
  private sendAgain(): void {
    for (const [id, pending] of [...this.pending]) {
      if (pending.once) this.settle(id)?.settled({ lost: true });
      else this.handOver(id, pending);
    }
  }

  /** The server names the subject, not the message. */
  private refuse(violation: PermissionViolation): void {
    if (violation.operation !== 'publish') return;
    for (const [id, { message }] of [...this.pending]) {
      if (message.subject === violation.subject) this.settle(id)?.settled(natsError('publish', violation));
    }
  }

  private cannotHear(error: Error): void {
    this.deaf = natsError('hearing acknowledgements', error);
    for (const id of [...this.pending.keys()]) this.settle(id)?.settled(this.deaf);
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
