import { type Json, type KvStore, LlmteamError } from '@llmteam/contracts';

export interface WatchedKvStore extends KvStore {
  /** `put <key>` and `delete <key>`, in order. */
  readonly writes: string[];
  /** Keys that `get` was called with. */
  readonly reads: string[];
}

/** Records and forwards every call, except for the writes that `refuse` rejects. */
export function watched(inner: KvStore, refuse: (write: string) => boolean = () => false): WatchedKvStore {
  const writes: string[] = [];
  const reads: string[] = [];
  const note = (write: string): void => {
    writes.push(write);
    if (refuse(write)) throw new LlmteamError('STORE_FAILED', `the test refuses: ${write}`);
  };
  return {
    writes,
    reads,
    supports: inner.supports,
    get: (key) => {
      reads.push(key);
      return inner.get(key);
    },
    put: async (key: string, value: Json, options) => {
      note(`put ${key}`);
      return inner.put(key, value, options);
    },
    delete: async (key, options) => {
      note(`delete ${key}`);
      return inner.delete(key, options);
    },
    list: (prefix, options) => inner.list(prefix, options),
    watch: (prefix, signal) => inner.watch(prefix, signal),
    close: () => inner.close(),
  };
}
