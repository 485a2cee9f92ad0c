/**
 * Purpose: one watcher of the key-value store: first the existing values in key order, then every change, including expiry.
 * Owns: which keys the caller believes to exist, so that each removal is reported once and only for reported keys. Bounded:
 * while the caller is slow it stops reading, and the server keeps one value per key.
 */
import type { KvChange } from '@llmteam/contracts';
import { publicValue, type StoredValue, storedValue } from './kv-entry.js';
import { compareKeys, decodeKey } from './kv-key.js';
import type { ServerTime } from './server-time.js';
import type { StreamMessage } from './stream-message.js';
import type { StreamReader } from './stream-reader.js';

export interface KvStoreWatchOptions {
  readonly reader: StreamReader;
  readonly prefix: string;
  /** Common prefix of the bucket's subjects. */
  readonly subjectPrefix: string;
  readonly time: ServerTime;
  readonly signal: AbortSignal;
}

const longestWaitMs = 2 ** 31 - 1;
const maxPendingChanges = 1_000;

export class KvStoreWatch {
  private readonly known = new Map<string, StoredValue>();
  private readonly stopped = new AbortController();
  private changes: KvChange[] = [];
  private isStarted = false;
  private isOver = false;
  private failure: unknown = null;
  private alarm: NodeJS.Timeout | undefined;
  private wake: () => void = () => undefined;
  private makeRoom: () => void = () => undefined;

  constructor(private readonly options: KvStoreWatchOptions) {}

  async *changesUntilAborted(): AsyncGenerator<KvChange> {
    const reading = this.follow(AbortSignal.any([this.options.signal, this.stopped.signal]));
    try {
      while (!this.isOver || this.changes.length > 0) {
        const changes = this.changes;
        this.changes = [];
        this.makeRoom();
        if (changes.length > 0) yield* changes;
        else await this.waitForChanges();
      }
      if (this.failure !== null) throw this.failure;
    } finally {
      clearTimeout(this.alarm);
      this.stopped.abort();
      this.makeRoom();
      await reading;
    }
  }

  private async waitForChanges(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  /** Never rejects. */
  private async follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const { messages, hasCaughtUp } of this.options.reader.read(1, signal)) {
        for (const message of messages) this.take(message);
        if (hasCaughtUp && !this.isStarted) this.start();
        this.setAlarm();
        this.wake();
        if (this.changes.length > maxPendingChanges) await this.waitForRoom(signal);
      }
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
    this.isOver = true;
    this.wake();
  }

  private async waitForRoom(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.makeRoom = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private take(message: StreamMessage): void {
    const { subjectPrefix, prefix } = this.options;
    const key = decodeKey(message.msg.subject.slice(subjectPrefix.length));
    if (!key.startsWith(prefix)) return;
    const operation = message.msg.headers?.get('KV-Operation') ?? '';
    if (operation !== '') this.removed(key);
    else this.stored(storedValue(key, message.sequence, message.storedAt, message.msg.string()));
  }

  private stored(value: StoredValue): void {
    this.known.set(value.key, value);
    if (this.isStarted) this.changes.push({ key: value.key, value: publicValue(value) });
  }

  private removed(key: string): void {
    if (this.known.delete(key) && this.isStarted) this.changes.push({ key, value: null });
  }

  private start(): void {
    this.expire();
    this.isStarted = true;
    const values = [...this.known.values()].sort((a, b) => compareKeys(a.key, b.key));
    this.changes.push(...values.map((value) => ({ key: value.key, value: publicValue(value) })));
  }

  private expire(): void {
    const now = this.options.time.now();
    for (const { key, expires_at } of [...this.known.values()]) {
      if (expires_at !== null && expires_at <= now) this.removed(key);
    }
    this.setAlarm();
    this.wake();
  }

  /** Sets the timer for the next value to expire. */
  private setAlarm(): void {
    clearTimeout(this.alarm);
    if (!this.isStarted || this.isOver) return;
    let due = Number.POSITIVE_INFINITY;
    for (const { expires_at } of this.known.values()) due = Math.min(due, expires_at ?? due);
    if (!Number.isFinite(due)) return;
    const delay = Math.min(Math.max(1, due - this.options.time.now()), longestWaitMs);
    this.alarm = setTimeout(() => this.expire(), delay);
    this.alarm.unref();
  }
}
