/**
 * Purpose: an in-memory copy of all keys under a prefix of the key-value store.
 * Owns: the watch, and a full refresh whenever it breaks. Does not own: what the values mean.
 */
import type { Clock, KvEntry, KvStore, Logger, Timer } from '@llmteam/contracts';

export interface WatchedKeysOptions {
  readonly kv: KvStore;
  readonly prefix: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Called after every change. */
  readonly changed: () => void;
}

const pauseMs = 500;

export class WatchedKeys {
  private readonly found = new Map<string, KvEntry>();
  /** Keys deleted since the last refresh began, with their last known revision. */
  private deletedSinceRefresh = new Map<string, number>();
  private readonly stopping = new AbortController();
  private pause: Timer | null = null;
  private watching: Promise<void> = Promise.resolve();

  constructor(private readonly options: WatchedKeysOptions) {}

  /** Entries by key without the prefix. */
  get values(): ReadonlyMap<string, KvEntry> {
    return this.found;
  }

  /** Resolves once the existing keys are loaded. @throws LlmteamError of the key-value store */
  async start(): Promise<void> {
    await this.refresh();
    this.watching = this.watch();
  }

  /** Lists all keys again, in case the watch missed a change. @throws LlmteamError of the key-value store */
  async refresh(): Promise<void> {
    const { kv, prefix, changed } = this.options;
    const before = new Map(this.found);
    const deleted = new Map<string, number>();
    this.deletedSinceRefresh = deleted;
    const present = await kv.list(prefix);
    const keys = new Set(present.map(({ key }) => key.slice(prefix.length)));
    // Changes the watch delivered during the listing are newer than the list.
    for (const [key, value] of before) if (!keys.has(key) && this.found.get(key) === value) this.found.delete(key);
    for (const value of present) {
      if ((deleted.get(value.key.slice(prefix.length)) ?? 0) < value.revision) this.take(value);
    }
    changed();
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    this.pause?.cancel();
    this.pause = null;
    await this.watching;
  }

  private async watch(): Promise<void> {
    const { kv, prefix, log, changed } = this.options;
    const { signal } = this.stopping;
    try {
      for await (const { key, value } of kv.watch(prefix, signal)) {
        if (value === null) this.drop(key.slice(prefix.length));
        else this.take(value);
        changed();
      }
    } catch (err) {
      if (!signal.aborted) log.warn({ err, prefix }, 'the key-value store cannot be watched; retrying');
    }
    if (!signal.aborted) this.watchAgainLater();
  }

  /** Ignores stale entries: revisions of a key only increase. */
  private take(value: KvEntry): void {
    const key = value.key.slice(this.options.prefix.length);
    const known = this.found.get(key);
    if (known === undefined || known.revision < value.revision) this.found.set(key, value);
  }

  private drop(key: string): void {
    const known = this.found.get(key);
    if (known !== undefined) this.deletedSinceRefresh.set(key, known.revision);
    this.found.delete(key);
  }

  private watchAgainLater(): void {
    this.pause = this.options.clock.after(pauseMs, () => {
      this.watching = this.refresh()
        .catch(() => undefined)
        .then(() => this.watch());
    });
  }
}
