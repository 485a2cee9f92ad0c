/**
 * Purpose: one watcher of the registry: first what is there, in key order, then every change, values that expire among them.
 * Owns: which keys its reader believes to be there, so that nothing is told gone twice or that was never there. Bounded: while its reader
 * is slow it reads no further, and the server keeps one value per key.
 */
import type { RegistryChange } from '@llmteam/contracts';
import { public_value, type StoredValue, stored_value } from './registry-entry.js';
import { compare_keys, decode_key } from './registry-key.js';
import type { ServerTime } from './server-time.js';
import type { StreamMessage } from './stream-message.js';
import type { StreamReader } from './stream-reader.js';

export interface RegistryWatchOptions {
  readonly reader: StreamReader;
  readonly prefix: string;
  /** Subjects of the bucket begin so. */
  readonly subject_prefix: string;
  readonly time: ServerTime;
  readonly signal: AbortSignal;
}

const longest_wait_ms = 2 ** 31 - 1;
const most_waiting = 1_000;

export class RegistryWatch {
  private readonly known = new Map<string, StoredValue>();
  private readonly stopped = new AbortController();
  private changes: RegistryChange[] = [];
  private is_started = false;
  private is_over = false;
  private failure: unknown = null;
  private alarm: NodeJS.Timeout | undefined;
  private wake: () => void = () => undefined;
  private make_room: () => void = () => undefined;

  constructor(private readonly options: RegistryWatchOptions) {}

  async *changes_until_aborted(): AsyncGenerator<RegistryChange> {
    const reading = this.follow(AbortSignal.any([this.options.signal, this.stopped.signal]));
    try {
      while (!this.is_over || this.changes.length > 0) {
        const changes = this.changes;
        this.changes = [];
        this.make_room();
        if (changes.length > 0) yield* changes;
        else await this.something();
      }
      if (this.failure !== null) throw this.failure;
    } finally {
      clearTimeout(this.alarm);
      this.stopped.abort();
      this.make_room();
      await reading;
    }
  }

  private async something(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }

  /** Never rejects. */
  private async follow(signal: AbortSignal): Promise<void> {
    try {
      for await (const { messages, has_caught_up } of this.options.reader.read(1, signal)) {
        for (const message of messages) this.take(message);
        if (has_caught_up && !this.is_started) this.start();
        this.set_alarm();
        this.wake();
        if (this.changes.length > most_waiting) await this.room(signal);
      }
    } catch (error) {
      if (!signal.aborted) this.failure = error;
    }
    this.is_over = true;
    this.wake();
  }

  private async room(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.make_room = resolve;
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  private take(message: StreamMessage): void {
    const { subject_prefix, prefix } = this.options;
    const key = decode_key(message.msg.subject.slice(subject_prefix.length));
    if (!key.startsWith(prefix)) return;
    const operation = message.msg.headers?.get('KV-Operation') ?? '';
    if (operation !== '') this.gone(key);
    else this.there(stored_value(key, message.sequence, message.stored_at, message.msg.string()));
  }

  private there(value: StoredValue): void {
    this.known.set(value.key, value);
    if (this.is_started) this.changes.push({ key: value.key, value: public_value(value) });
  }

  private gone(key: string): void {
    if (this.known.delete(key) && this.is_started) this.changes.push({ key, value: null });
  }

  private start(): void {
    this.expire();
    this.is_started = true;
    const values = [...this.known.values()].sort((one, other) => compare_keys(one.key, other.key));
    this.changes.push(...values.map((value) => ({ key: value.key, value: public_value(value) })));
  }

  private expire(): void {
    const now = this.options.time.now();
    for (const { key, expires_at } of [...this.known.values()]) {
      if (expires_at !== null && expires_at <= now) this.gone(key);
    }
    this.set_alarm();
    this.wake();
  }

  /** For the next value that ends. */
  private set_alarm(): void {
    clearTimeout(this.alarm);
    if (!this.is_started || this.is_over) return;
    let due = Number.POSITIVE_INFINITY;
    for (const { expires_at } of this.known.values()) due = Math.min(due, expires_at ?? due);
    if (!Number.isFinite(due)) return;
    const delay = Math.min(Math.max(1, due - this.options.time.now()), longest_wait_ms);
    this.alarm = setTimeout(() => this.expire(), delay);
    this.alarm.unref();
  }
}
