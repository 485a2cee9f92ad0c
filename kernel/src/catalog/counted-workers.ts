import { queueName } from '@llmteam/contracts';
import { WatchedKeys, type WatchedKeysOptions } from '../kv/watched-keys.js';
import { type LiveWorker, workersPrefix } from './live-workers.js';

/** Keeps count of the live workers that serve each step type. */
export class CountedWorkers {
  private readonly watched: WatchedKeys;
  private byQueue: ReadonlyMap<string, number> = new Map();

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

  private count(): void {
    const byQueue = new Map<string, number>();
    for (const { value } of this.watched.values.values()) {
      const { types } = value as unknown as LiveWorker;
      const queues = new Set(types.map(({ type_id, version }) => queueName(type_id, version)));
      for (const queue of queues) byQueue.set(queue, (byQueue.get(queue) ?? 0) + 1);
    }
    this.byQueue = byQueue;
  }
}
