import { queueName } from '@llmteam/contracts';
import { WatchedKeys, type WatchedKeysOptions } from '../kv/watched-keys.js';
import { type LiveWorker, workersPrefix } from './live-workers.js';

/** How many workers take the jobs of a step type, at hand at any time. */
export class CountedWorkers {
  private readonly watched: WatchedKeys;
  private byQueue: ReadonlyMap<string, number> = new Map();

  constructor(options: Omit<WatchedKeysOptions, 'prefix' | 'changed'>) {
    this.watched = new WatchedKeys({ ...options, prefix: workersPrefix, changed: () => this.count() });
  }

  /** Resolves once the workers that live are known. @throws LlmteamError of the registry */
  start(): Promise<void> {
    return this.watched.start();
  }

  stop(): Promise<void> {
    return this.watched.stop();
  }

  /** Those that serve a version of a type: any of the same major. */
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
