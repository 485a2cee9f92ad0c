import type { Staff, Surroundings } from '@llmteam/kernel';
import type { IsDriven } from './run-stores.js';

/** A run of a folder has one process, which is its coordinator and its only worker, or none. */
export function ownFolder(isDriven: boolean): Surroundings {
  return {
    isDriven,
    workersOf: () => ({ workers: 1, slots: 16 }),
    isAlive: () => isDriven,
  };
}

/** The same for all runs of a store. Which types its process serves is not known from outside. */
export function staffOfFolder(isDriven: IsDriven): Staff {
  return { of: (run) => ownFolder(isDriven(run)), drivesAll: false, queues: null, workers: null };
}
