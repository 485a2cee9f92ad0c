import { closedError, type KvChange } from '@llmteam/contracts';
import { Wakeup } from './wakeup.js';

/** A value as stored, as JSON text. */
export interface StoredValue {
  readonly text: string;
  readonly revision: number;
}

export interface StoredChange {
  readonly key: string;
  readonly stored: StoredValue | null;
}

/** A watcher with this many unread changes keeps only the last change of each key. */
const unreadChanges = 10_000;

interface Watcher {
  readonly prefix: string;
  readonly wakeup: Wakeup;
  unread: StoredChange[];
  /** The length of `unread` that triggers compaction. */
  compactAt: number;
}

/** The watchers of a key-value store within this process. */
export class KvStoreWatchers {
  readonly #watchers = new Set<Watcher>();
  #closed = false;

  notify(change: StoredChange): void {
    for (const watcher of this.#watchers) {
      if (!change.key.startsWith(watcher.prefix)) continue;
      watcher.unread.push(change);
      if (watcher.unread.length >= watcher.compactAt) compact(watcher);
      watcher.wakeup.ring();
    }
  }

  /** `present` returns the current values, synchronously with the watcher's registration, so no change is missed. */
  async *watch(prefix: string, signal: AbortSignal, present: () => readonly StoredChange[]): AsyncGenerator<KvChange> {
    if (this.#closed) throw closedError('key-value store');
    const wakeup = new Wakeup();
    const watcher: Watcher = { prefix, wakeup, unread: [...present()], compactAt: 0 };
    watcher.compactAt = watcher.unread.length + unreadChanges;
    const stop = () => wakeup.ring();
    this.#watchers.add(watcher);
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted && !this.#closed) {
        const changes = watcher.unread;
        watcher.unread = [];
        for (const change of changes) {
          if (signal.aborted || this.#closed) return;
          yield copyOf(change);
        }
        if (changes.length === 0) await wakeup.wait();
      }
    } finally {
      this.#watchers.delete(watcher);
      signal.removeEventListener('abort', stop);
    }
  }

  close(): void {
    this.#closed = true;
    for (const { wakeup } of this.#watchers) wakeup.ring();
  }
}

function compact(watcher: Watcher): void {
  const last = new Map<string, StoredChange>();
  for (const change of watcher.unread) {
    last.delete(change.key);
    last.set(change.key, change);
  }
  watcher.unread = [...last.values()];
  watcher.compactAt = watcher.unread.length + unreadChanges;
}

function copyOf({ key, stored }: StoredChange): KvChange {
  if (stored === null) return { key, value: null };
  return { key, value: { key, value: JSON.parse(stored.text), revision: stored.revision } };
}
