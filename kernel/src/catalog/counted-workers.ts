import { type PluginListing, queueName } from '@llmteam/contracts';
import { WatchedKeys, type WatchedKeysOptions } from '../kv/watched-keys.js';
import { countedListings } from '../plugins/plugin-listing.js';
import { type LiveWorker, workersPrefix } from './live-workers.js';

/** Keeps count of the live workers that serve each step type. */
export class CountedWorkers {
  private readonly watched: WatchedKeys;
  private byQueue: ReadonlyMap<string, number> = new Map();
  private workers: readonly LiveWorker[] = [];
  private loaded: readonly PluginListing[] = [];

  constructor(options: Omit<WatchedKeysOptions, 'prefix' | 'changed'>) {
    this.watched = new WatchedKeys({ ...options, prefix: workersPrefix, changed: () => this.count() });
  }

  /** Resolves once the live workers are known. @throws LlmteamError of the key-value store */
  start(): Promise<void> {
    return this.watched.start();
  }

  stop(): Promise<void> {
    return this.watched.stop();
  }

  /** Workers that serve this version of a type; any version with the same major counts. */
  of(typeId: string, version: string): number {
    return this.byQueue.get(queueName(typeId, version)) ?? 0;
  }

  live(): readonly LiveWorker[] {
    return this.workers;
  }

  /** The plugins of the live workers. */
  plugins(): readonly PluginListing[] {
    return this.loaded;
  }

  private count(): void {
    const workers = [...this.watched.values.values()].map(({ value }) => value as unknown as LiveWorker);
    this.workers = workers;
    this.loaded = countedListings(workers.map(({ plugins = [] }) => plugins));
    const byQueue = new Map<string, number>();
    for (const { types } of workers) {
      const queues = new Set(types.map(({ type_id, version }) => queueName(type_id, version)));
      for (const queue of queues) byQueue.set(queue, (byQueue.get(queue) ?? 0) + 1);
    }
    this.byQueue = byQueue;
  }
}
