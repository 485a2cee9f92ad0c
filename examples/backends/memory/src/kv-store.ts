import { closedError, type Json, type KvChange, type KvEntry, type KvStore, LlmteamError } from '@llmteam/contracts';
import type { Space } from './space.js';

export class MemoryKvStore implements KvStore {
  readonly supports = { durable: false };
  private readonly closing = new AbortController();

  constructor(private readonly space: Space) {}

  async get(key: string): Promise<KvEntry | null> {
    this.checkOpen();
    return this.current(key);
  }

  async put(key: string, value: Json, options: { ifRevision?: number; ttlMs?: number } = {}): Promise<number> {
    const { ifRevision, ttlMs = Number.POSITIVE_INFINITY } = options;
    this.checkOpen();
    this.checkRevision(key, ifRevision);
    this.space.revision += 1;
    const { revision } = this.space;
    this.space.values.set(key, { text: JSON.stringify(value), revision, expiresAt: this.now() + ttlMs });
    this.space.valuesChanged.announce();
    return revision;
  }

  async delete(key: string, { ifRevision }: { ifRevision?: number } = {}): Promise<void> {
    this.checkOpen();
    this.checkRevision(key, ifRevision);
    this.space.values.delete(key);
    this.space.valuesChanged.announce();
  }

  async list(prefix: string, options: { after?: string; limit?: number } = {}): Promise<readonly KvEntry[]> {
    const { after = '', limit = Number.POSITIVE_INFINITY } = options;
    this.checkOpen();
    return this.withPrefix(prefix)
      .filter(({ key }) => key > after)
      .slice(0, limit);
  }

  /** Compares what is there with what the watcher has seen; a slow watcher thus skips what lies in between (G4). */
  async *watch(prefix: string, signal: AbortSignal): AsyncGenerator<KvChange> {
    this.checkOpen();
    const stop = AbortSignal.any([signal, this.closing.signal]);
    const seen = new Map<string, number>();
    while (!stop.aborted) {
      const present = this.withPrefix(prefix);
      const keys = new Set(present.map(({ key }) => key));
      const gone = [...seen.keys()].filter((key) => !keys.has(key));
      const changed = present.filter(({ key, revision }) => seen.get(key) !== revision);
      if (gone.length + changed.length === 0) await this.nextChange(prefix, stop);
      for (const value of changed) {
        seen.set(value.key, value.revision);
        yield { key: value.key, value };
      }
      for (const key of gone) {
        seen.delete(key);
        yield { key, value: null };
      }
    }
  }

  async close(): Promise<void> {
    this.closing.abort();
  }

  /** Resolves when something is written, or when the next value expires. */
  private async nextChange(prefix: string, stop: AbortSignal): Promise<void> {
    const expiries = [...this.space.values].filter(([key]) => key.startsWith(prefix)).map(([, one]) => one.expiresAt);
    const expired = new AbortController();
    const soonest = Math.min(...expiries);
    const wait = soonest - this.now();
    const timer = Number.isFinite(soonest) ? this.space.options.clock.after(wait, () => expired.abort()) : null;
    await this.space.valuesChanged.next(AbortSignal.any([stop, expired.signal]));
    timer?.cancel();
  }

  private withPrefix(prefix: string): KvEntry[] {
    const keys = [...this.space.values.keys()].filter((key) => key.startsWith(prefix)).sort();
    return keys.map((key) => this.current(key)).filter((entry) => entry !== null);
  }

  private current(key: string): KvEntry | null {
    const stored = this.space.values.get(key);
    if (stored === undefined) return null;
    if (stored.expiresAt > this.now()) return { key, value: JSON.parse(stored.text), revision: stored.revision };
    this.space.values.delete(key);
    return null;
  }

  private checkRevision(key: string, expected: number | undefined): void {
    const revision = this.current(key)?.revision ?? 0;
    if (expected === undefined || expected === revision) return;
    throw new LlmteamError('REVISION_CONFLICT', `'${key}' has revision ${revision}, not ${expected}`);
  }

  private checkOpen(): void {
    if (this.closing.signal.aborted) throw closedError('key-value store');
  }

  private now(): number {
    return this.space.options.clock.now();
  }
}
