/**
 * Purpose: asking a consumer for messages, never for more than there is room for. The client's own `consume` asks for more as soon as
 * messages arrive, whether or not anybody has worked on them.
 * Owns: how many messages are asked for; noticing that nobody answers. Does not own: the consumer, what is done with messages.
 * Invariants:
 *   U1 Messages asked for and not yet here, and those the owner holds, are never more than its room.
 *   U2 After `begin` on a new connection nothing more comes of what was asked on the old one: the inbox is another.
 *   U3 `stop` loses nothing: what was on its way still arrives.
 */
import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/transport-node';
import type { ConnectionWatch } from './connection-watch.js';
import { isStreamMessage, StreamMessage } from './stream-message.js';

export interface PullOwner {
  /** How many more messages the owner can take. */
  room(): number;
  receive(message: StreamMessage): void;
  /** Nothing came for as long as a request lasts. */
  idle?(): void;
  /** The consumer does not answer or is not there. Nothing more comes until `begin`. */
  lost(reason: string): void;
}

/** Short, because a server that dies with our request in hand is noticed only after it. */
const expiresMs = 2_000;
const patienceMs = 5_000;
/** What one request may bring, unless a message alone is larger. */
const requestBytes = 2 * 1024 * 1024;
const expired = 408;
const conflict = 409;

export class PullRequests {
  private readonly watchdog: NodeJS.Timeout;
  private readonly stopWatching: () => void;
  private readonly inboxes = new Set<Subscription>();
  private inbox = '';
  private consumer: { readonly stream: string; readonly name: string } | null = null;
  private asked = 0;
  private heardAt = 0;
  private isScheduled = false;
  private isMakingSure = false;

  constructor(
    private readonly connection: NatsConnection,
    private readonly watch: ConnectionWatch,
    private readonly owner: PullOwner,
  ) {
    this.watchdog = setInterval(() => this.look(), expiresMs);
    this.watchdog.unref();
    // A server forgets what it was asked when it ends; one that lives on has nobody to send it to.
    this.stopWatching = watch.on('back', () => this.lose('the connection was lost'));
  }

  /** Asks this consumer from now on. */
  begin(stream: string, name: string): void {
    this.leaveInboxes();
    const inbox = createInbox();
    const callback = (error: Error | null, msg: Msg): void => {
      if (error === null) this.heard(msg, inbox === this.inbox);
      else this.lose(error.message);
    };
    this.inbox = inbox;
    this.inboxes.add(this.connection.subscribe(inbox, { callback }));
    this.consumer = { stream, name };
    this.asked = 0;
    this.heardAt = performance.now();
    this.ask();
  }

  /** There may be more room: asks at the end of this turn, once for all that has become free. */
  askSoon(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    setImmediate(() => {
      this.isScheduled = false;
      this.ask();
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

  /** A few open places are not worth a request while twice as many messages are asked for already. */
  private ask(): void {
    if (this.consumer === null || this.connection.isClosed()) return;
    const room = this.owner.room() - this.asked;
    if (room <= 0 || room * 2 < this.asked) return;
    this.asked += room;
    const { stream, name } = this.consumer;
    const maxBytes = Math.max(requestBytes, 2 * (this.connection.info?.max_payload ?? 0));
    const request = JSON.stringify({ batch: room, max_bytes: maxBytes, expires: expiresMs * 1_000_000 });
    this.connection.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, request, { reply: this.inbox });
  }

  private heard(msg: Msg, wasAsked: boolean): void {
    this.heardAt = performance.now();
    if (!isStreamMessage(msg)) {
      if (wasAsked) this.heardStatus(msg);
      return;
    }
    if (wasAsked) this.asked = Math.max(0, this.asked - 1);
    this.owner.receive(new StreamMessage(msg));
    this.askSoon();
  }

  /** A request ended before it was filled: its time was up, or what it may bring in bytes. The header says what is left of it. */
  private heardStatus(msg: Msg): void {
    const { code, description } = msg.headers ?? { code: 0, description: '' };
    const hasEnded = code === expired || (code === conflict && /maxbytes|batch completed/i.test(description));
    if (!hasEnded) {
      this.lose(`${code} ${description}`);
      return;
    }
    const left = Number(msg.headers?.get('Nats-Pending-Messages') ?? 0);
    this.asked = Math.max(0, this.asked - left);
    if (code === expired) this.owner.idle?.();
    this.ask();
  }

  private look(): void {
    const isOverdue = this.asked > 0 && performance.now() - this.heardAt > patienceMs;
    if (!isOverdue) this.ask();
    else if (!this.isMakingSure) void this.makeSure();
  }

  /** Behind a slow network the answer may be on its way. Then it comes before that to what was asked after it was due. */
  private async makeSure(): Promise<void> {
    const { heardAt, consumer, connection } = this;
    this.isMakingSure = true;
    try {
      await this.watch.ask(() => connection.flush());
      if (this.consumer === consumer && this.heardAt === heardAt) this.lose('no answer');
    } catch {
      // The connection is lost; when it is back all is asked anew.
    }
    this.isMakingSure = false;
  }

  private lose(reason: string): void {
    if (this.consumer === null) return;
    this.consumer = null;
    this.asked = 0;
    this.owner.lost(reason);
  }
}
