import type { KvStore } from '@llmteam/contracts';
import type { RunService } from '@llmteam/kernel';

/** The calls that other processes may make to the owner of a store. */
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

/** Key-value store calls: API keys and the audit trail are read and changed while a service runs. */
export const kvCalls = ['get', 'put', 'delete', 'list'] as const satisfies readonly (keyof KvStore)[];

export type RemoteKvStore = Pick<KvStore, (typeof kvCalls)[number]>;
