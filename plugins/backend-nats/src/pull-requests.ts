/**
 * Purpose: asking a consumer for messages, never for more than there is room for. The client's own `consume` asks for more as soon as
 * messages arrive, whether or not anybody has worked on them.
 * Owns: how many messages are asked for; noticing that nobody answers. Does not own: the consumer, what is done with messages.
 * Invariant: messages asked for and not yet here, and those the owner holds, are never more than its room.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import { is_stream_message, StreamMessage } from './stream-message.js';

export interface PullOwner {
  /** How many more messages the owner can take. */
  room(): number;
  receive(message: StreamMessage): void;
  /** The consumer does not answer or is not there. Nothing more comes until `begin`. */
  lost(reason: string): void;
}

/** Short, because a server that dies with our request in hand is noticed only after it. */
const expires_ms = 2_000;
const patience_ms = 5_000;

export class PullRequests {
  private readonly inbox = createInbox();
  private readonly subscription: Subscription;
  private readonly watchdog: NodeJS.Timeout;
  private consumer: { readonly stream: string; readonly name: string } | null = null;
  private asked = 0;
  private heard_at = 0;
  private is_scheduled = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly owner: PullOwner,
  ) {
    this.subscription = connection.subscribe(this.inbox, {
      callback: (error, msg) => {
        if (error === null) this.heard(msg);
        else this.lose(error.message);
      },
    });
    this.watchdog = setInterval(() => this.watch(), expires_ms);
    this.watchdog.unref();
  }

  /** Asks this consumer from now on. */
  begin(stream: string, name: string): void {
    this.consumer = { stream, name };
    this.asked = 0;
    this.heard_at = performance.now();
    this.ask();
  }

  /** There may be more room: asks at the end of this turn, once for all that has become free. */
  ask_soon(): void {
    if (this.is_scheduled) return;
    this.is_scheduled = true;
    setImmediate(() => {
      this.is_scheduled = false;
      this.ask();
    });
  }

  stop(): void {
    this.consumer = null;
    clearInterval(this.watchdog);
    this.subscription.unsubscribe();
  }

  /** A few open places are not worth a request while twice as many messages are asked for already. */
  private ask(): void {
    if (this.consumer === null || this.connection.isClosed()) return;
    const room = this.owner.room() - this.asked;
    if (room <= 0 || room * 2 < this.asked) return;
    this.asked += room;
    const { stream, name } = this.consumer;
    const request = JSON.stringify({ batch: room, expires: expires_ms * 1_000_000 });
    this.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, request, { reply: this.inbox });
  }

  private heard(msg: Msg): void {
    this.heard_at = performance.now();
    if (is_stream_message(msg)) {
      this.asked = Math.max(0, this.asked - 1);
      this.owner.receive(new StreamMessage(msg));
      this.ask_soon();
      return;
    }
    this.heard_status(msg);
  }

  /** A request that ended: what is left of it says the header. */
  private heard_status(msg: Msg): void {
    const { code, description } = msg.headers ?? { code: 0, description: '' };
    if (code === 100) return;
    if (code === 404 || code === 408 || (code === 409 && /max|batch|exceeded/i.test(description))) {
      const left = Number(msg.headers?.get('Nats-Pending-Messages') ?? 0);
      this.asked = Math.max(0, this.asked - left);
      if (code === 408) this.ask();
      else setTimeout(() => this.ask(), 100).unref();
      return;
    }
    this.lose(`${code} ${description}`);
  }

  private watch(): void {
    const is_overdue = this.asked > 0 && performance.now() - this.heard_at > patience_ms;
    if (is_overdue) this.lose('no answer');
    else this.ask();
  }

  private lose(reason: string): void {
    if (this.consumer === null) return;
    this.consumer = null;
    this.asked = 0;
    this.owner.lost(reason);
  }
}
