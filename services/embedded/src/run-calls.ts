import type { KvStore } from '@llmteam/contracts';
import type { RunRemoval, RunService, SegmentStore, VersionUses } from '@llmteam/kernel';
import type { OwnerInfo } from './owner-info.js';

/** The calls that other processes may make to the owner of a store. */
export const runCalls = [
  'start',
  'request',
  'list',
  'show',
  'events',
  'steps',
  'step',
  'definition',
  'control',
  'signal',
  'fork',
  'tasks',
  'task',
  'claim',
  'unclaim',
  'answer',
] as const satisfies readonly (keyof RunService)[];

/** Calls that remove runs. */
export const removalCalls = ['remove'] as const satisfies readonly (keyof RunRemoval)[];

export type RemoteRemoval = Pick<RunRemoval, (typeof removalCalls)[number]>;

/** Key-value store calls: API keys and the audit trail are read and changed while a service runs. */
export const kvCalls = ['get', 'put', 'delete', 'list'] as const satisfies readonly (keyof KvStore)[];

export type RemoteKvStore = Pick<KvStore, (typeof kvCalls)[number]>;

/** Storing the segment of a run that the owner is to start. */
export const segmentCalls = ['publish'] as const satisfies readonly (keyof SegmentStore)[];

export type RemoteSegments = Pick<SegmentStore, (typeof segmentCalls)[number]>;

/** What operators ask of a store with the runs of all tenants. */
export const versionCalls = ['uses'] as const;

export interface VersionCalls {
  /** The versions of step types that its live runs and stored segments are pinned to. */
  uses(): Promise<VersionUses>;
}

export const ownerCalls = ['describe'] as const;

export interface OwnerCalls {
  describe(): Promise<OwnerInfo>;
}

/** What the owner of a store lets other processes use. */
export interface StoreParts {
  readonly runs: RunService;
  readonly removal: RemoteRemoval;
  readonly kv: RemoteKvStore;
  readonly segments: RemoteSegments;
  readonly versions: VersionCalls;
  readonly owner: OwnerCalls;
}
