/**
 * Purpose: what the registry holds under a prefix, at hand at any time.
 * Owns: following it, and beginning anew when following breaks. Does not own: what the values mean.
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
  /** Keys that went away since the last look began, with the revision they had. */
  private goneMeanwhile = new Map<string, number>();
  private readonly stopping = new AbortController();
  private pause: Timer | null = null;
  private watching: Promise<void> = Promise.resolve();

  constructor(private readonly options: WatchedKeysOptions) {}

  /** By key without the prefix. */
  get values(): ReadonlyMap<string, KvEntry> {
    return this.found;
  }

  /** Resolves once what is there is at hand. @throws LlmteamError of the registry */
  async start(): Promise<void> {
    await this.refresh();
    this.watching = this.watch();
  }

  /** Looks at everything anew: for what watching may have missed. @throws LlmteamError of the registry */
  async refresh(): Promise<void> {
    const { kv, prefix, changed } = this.options;
    const before = new Map(this.found);
    const gone = new Map<string, number>();
    this.goneMeanwhile = gone;
    const present = await kv.list(prefix);
    const keys = new Set(present.map(({ key }) => key.slice(prefix.length)));
    // What was heard while the list was made is newer than the list.
    for (const [key, value] of before) if (!keys.has(key) && this.found.get(key) === value) this.found.delete(key);
    for (const value of present) {
      if ((gone.get(value.key.slice(prefix.length)) ?? 0) < value.revision) this.take(value);
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
      if (!signal.aborted) log.warn({ err, prefix }, 'the registry cannot be watched; trying again');
    }
    if (!signal.aborted) this.watchAgainLater();
  }

  /** Revisions of one key only grow. */
  private take(value: KvEntry): void {
    const key = value.key.slice(this.options.prefix.length);
    const known = this.found.get(key);
    if (known === undefined || known.revision < value.revision) this.found.set(key, value);
  }

  private drop(key: string): void {
    const known = this.found.get(key);
    if (known !== undefined) this.goneMeanwhile.set(key, known.revision);
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
