/**
 * Purpose: pulls messages from a consumer, never more than the owner has room for. The client's own `consume` requests more as
 * soon as messages arrive, whether or not they have been processed.
 * Owns: how many messages are requested; detecting that nobody answers. Does not own: the consumer, processing messages.
 * Invariants:
 *   U1 Requested messages and those the owner holds never exceed its room.
 *   U2 After `begin` on a new connection, nothing requested on the old one arrives any more, because the inbox is a new one.
 *   U3 `stop` loses nothing: messages in transit still arrive.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { ConnectionWatch } from './connection-watch.js';
import { isStreamMessage, StreamMessage } from './stream-message.js';

export interface PullOwner {
  /** How many more messages the owner can take. */
  room(): number;
  receive(message: StreamMessage): void;
  /** A request expired without being filled. */
  idle?(): void;
  /** The consumer does not answer or does not exist. No more messages arrive until `begin`. */
  lost(reason: string): void;
}

/** Short, because a server that dies while holding a request is noticed only after it expires. */
const expiresMs = 2_000;
const patienceMs = 5_000;
/** The maximum size of one response, unless a single message is larger. */
const requestBytes = 2 * 1024 * 1024;
const expired = 408;
const conflict = 409;

export class PullRequests {
  private readonly watchdog: NodeJS.Timeout;
  private readonly stopWatching: () => void;
  private readonly inboxes = new Set<Subscription>();
  private inbox = '';
  private consumer: { readonly stream: string; readonly name: string } | null = null;
  private requested = 0;
  private lastMessageAt = 0;
  private isScheduled = false;
  private isConfirming = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly watch: ConnectionWatch,
    private readonly owner: PullOwner,
  ) {
    this.watchdog = setInterval(() => this.checkProgress(), expiresMs);
    this.watchdog.unref();
    // A restarted server has forgotten our requests; a surviving one has nowhere to send the responses.
    this.stopWatching = watch.on('back', () => this.fail('the connection was lost'));
  }

  /** Starts pulling from this consumer. */
  begin(stream: string, name: string): void {
    this.leaveInboxes();
    const inbox = createInbox();
    const callback = (error: Error | null, msg: Msg): void => {
      if (error === null) this.onMessage(msg, inbox === this.inbox);
      else this.fail(error.message);
    };
    this.inbox = inbox;
    this.inboxes.add(this.connection.subscribe(inbox, { callback }));
    this.consumer = { stream, name };
    this.requested = 0;
    this.lastMessageAt = performance.now();
    this.request();
  }

  /** Call when room may have been freed: requests once at the end of this turn. */
  requestSoon(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.request();
    });
  }

  stop(): void {
    this.consumer = null;
    clearInterval(this.watchdog);
    this.stopWatching();
    this.leaveInboxes();
  }

  private leaveInboxes(): void {
    for (const inbox of this.inboxes) {
      // Rejects if the connection ends first.
      if (!this.connection.isClosed()) inbox.drain().catch(() => undefined);
    }
    this.inboxes.clear();
  }

  /** Skips the request while the additional room is less than half of what is already requested. */
  private request(): void {
    if (this.consumer === null || this.connection.isClosed()) return;
    const room = this.owner.room() - this.requested;
    if (room <= 0 || room * 2 < this.requested) return;
    this.requested += room;
    const { stream, name } = this.consumer;
    const maxBytes = Math.max(requestBytes, 2 * (this.connection.info?.max_payload ?? 0));
    const payload = JSON.stringify({ batch: room, max_bytes: maxBytes, expires: expiresMs * 1_000_000 });
    this.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, payload, { reply: this.inbox });
  }

  private onMessage(msg: Msg, isCurrent: boolean): void {
    this.lastMessageAt = performance.now();
    if (!isStreamMessage(msg)) {
      if (isCurrent) this.onStatus(msg);
      return;
    }
    if (isCurrent) this.requested = Math.max(0, this.requested - 1);
    this.owner.receive(new StreamMessage(msg));
    this.requestSoon();
  }

  /** A request ended unfilled because of its expiry or byte limit; a header says how many messages are left of it. */
  private onStatus(msg: Msg): void {
    const { code, description } = msg.headers ?? { code: 0, description: '' };
    const hasEnded = code === expired || (code === conflict && /maxbytes|batch completed/i.test(description));
    if (!hasEnded) {
      this.fail(`${code} ${description}`);
      return;
    }
    const left = Number(msg.headers?.get('Nats-Pending-Messages') ?? 0);
    this.requested = Math.max(0, this.requested - left);
    if (code === expired) this.owner.idle?.();
    this.request();
  }

  private checkProgress(): void {
    const isOverdue = this.requested > 0 && performance.now() - this.lastMessageAt > patienceMs;
    if (!isOverdue) this.request();
    else if (!this.isConfirming) void this.confirmSilence();
  }

  /** On a slow network a response may still be in transit. If so, it arrives before the response to this flush. */
  private async confirmSilence(): Promise<void> {
    const { lastMessageAt, consumer, connection } = this;
    this.isConfirming = true;
    try {
      await this.watch.ask(() => connection.flush());
      if (this.consumer === consumer && this.lastMessageAt === lastMessageAt) this.fail('no answer');
    } catch {
      // The connection is lost; everything is requested again once it is back.
    }
    this.isConfirming = false;
  }

  private fail(reason: string): void {
    if (this.consumer === null) return;
    this.consumer = null;
    this.requested = 0;
    this.owner.lost(reason);
  }
}
