import type { Journal } from '@llmteam/contracts';
import type { CountedWorkers } from '../catalog/counted-workers.js';
import { WatchedKeys, type WatchedKeysOptions } from '../kv/watched-keys.js';
import { partitionLeases } from '../run-loop/partition-lease-key.js';
import { staffOf } from './installation-surroundings.js';
import type { Staff } from './waiting-reasons.js';

export interface KnownStaffOptions extends Omit<WatchedKeysOptions, 'prefix' | 'changed'> {
  readonly journal: Pick<Journal, 'partitionOf' | 'partitions'>;
  readonly workers: Pick<CountedWorkers, 'live'>;
}

/** Who works on the runs of an installation, kept in memory, so that lists ask nobody. */
export class KnownStaff {
  private readonly leases: WatchedKeys;

  constructor(private readonly options: KnownStaffOptions) {
    const { kv, clock, log } = options;
    this.leases = new WatchedKeys({ kv, clock, log, prefix: partitionLeases, changed: () => undefined });
  }

  /** Resolves once the leases are known. @throws LlmteamError of the key-value store */
  start(): Promise<void> {
    return this.leases.start();
  }

  stop(): Promise<void> {
    return this.leases.stop();
  }

  now(): Staff {
    const { journal, workers } = this.options;
    const held = new Set([...this.leases.values.keys()].map(Number));
    return staffOf(journal, held, workers.live());
  }
}
