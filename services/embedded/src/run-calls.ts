import type { KvStore } from '@llmteam/contracts';
import type { RunService } from '@llmteam/kernel';

/** The calls that processes may make of the one that owns a store, by name. */
export const runCalls = [
  'start',
  'request',
  'list',
  'show',
  'events',
  'definition',
  'control',
  'signal',
  'fork',
  'tasks',
  'task',
  'claim',
  'answer',
] as const satisfies readonly (keyof RunService)[];

/** Of the registry: keys and the audit trail are looked at and changed while a service runs. */
export const kvCalls = ['get', 'put', 'delete', 'list'] as const satisfies readonly (keyof KvStore)[];

export type RemoteKvStore = Pick<KvStore, (typeof kvCalls)[number]>;
