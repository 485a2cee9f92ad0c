/**
 * Purpose: the required configuration of an installation's streams, and how existing ones differ from it.
 * Invariant: existing streams are never changed; differences are reported for the operator to resolve.
 */
import { LlmteamError } from '@llmteam/contracts';
import {
  DiscardPolicy,
  type JetStreamManager,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { Names } from './names.js';
import { apiErrorCode, apiErrors, natsError } from './nats-error.js';
import type { ServerVersion } from './server-version.js';
import type { NatsSettings } from './settings.js';

export type Wanted = Partial<StreamConfig> & { readonly name: string };

const partitionsKey = 'llmteam.partitions';

export function journalConfig(settings: NatsSettings, names: Names, version: ServerVersion, partition: number): Wanted {
  return {
    name: names.journalStream(partition),
    description: `LLMTeam journal, partition ${partition} of ${settings.partitions}`,
    subjects: [names.partitionSubjects(partition)],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: settings.replicas,
    discard: DiscardPolicy.New,
    max_bytes: settings.maxJournalBytes,
    duplicate_window: settings.dedupeWindowMs * 1_000_000,
    allow_direct: true,
    deny_delete: true,
    metadata: { [partitionsKey]: String(settings.partitions) },
    ...(version.hasAtomicBatches && { allow_atomic: true }),
  };
}

export function jobsConfig(settings: NatsSettings, names: Names, version: ServerVersion): Wanted {
  const isOnDisk = settings.jobsStorage === 'file';
  return {
    name: names.jobsStream,
    description: 'LLMTeam jobs: one message per job that is queued or handed out',
    subjects: [names.allJobs],
    retention: RetentionPolicy.Workqueue,
    storage: isOnDisk ? StorageType.File : StorageType.Memory,
    num_replicas: settings.replicas,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: 1,
    duplicate_window: 1_000_000_000,
    ...(isOnDisk && version.hasAtomicBatches && { allow_atomic: true }),
  };
}

/** The stream behind a bucket; the client creates it. */
export function bucketConfig(settings: NatsSettings, name: string): Wanted {
  return { name, storage: StorageType.File, num_replicas: settings.replicas };
}

/** The settings of an existing stream that must match the configuration; operators may change the rest. */
const fixed = [
  'retention',
  'storage',
  'num_replicas',
  'discard',
  'max_msgs_per_subject',
  'discard_new_per_subject',
] as const;

/** Describes how an existing stream differs from the required configuration. */
export function differences(wanted: Wanted, found: StreamInfo): string[] {
  const { config } = found;
  const faults: string[] = [];
  for (const key of fixed) {
    if (key in wanted && config[key] !== wanted[key]) faults.push(`${key} is ${config[key]}, expected ${wanted[key]}`);
  }
  const subjects = config.subjects.join(', ');
  const expectedSubjects = wanted.subjects?.join(', ') ?? subjects;
  if (subjects !== expectedSubjects) faults.push(`subjects are ${subjects}, expected ${expectedSubjects}`);
  const partitions = config.metadata?.[partitionsKey];
  const expected = wanted.metadata?.[partitionsKey];
  if (expected !== undefined && partitions !== expected) {
    const foundPartitions = partitions ?? 'an unknown number of';
    faults.push(
      `it is one of ${foundPartitions} partitions, expected ${expected}: the number is fixed once they exist`,
    );
  }
  return faults;
}

/** @throws LlmteamError `BACKEND_UNSUITABLE` listing the differences; `BACKEND_UNREACHABLE` */
export async function ensureStream(manager: JetStreamManager, wanted: Wanted): Promise<StreamInfo> {
  const found = (await findStream(manager, wanted.name)) ?? (await createStream(manager, wanted));
  checkStreams([[wanted, found]]);
  return found;
}

/** @throws LlmteamError `BACKEND_UNSUITABLE` listing all differences */
export function checkStreams(pairs: readonly (readonly [Wanted, StreamInfo | null])[]): void {
  const faults = pairs.flatMap(([wanted, found]) => {
    const ofStream = found === null ? [] : differences(wanted, found);
    return ofStream.length === 0 ? [] : [`stream ${wanted.name} is not as configured: ${ofStream.join('; ')}`];
  });
  if (faults.length > 0) throw new LlmteamError('BACKEND_UNSUITABLE', faults.join('. '));
}

/** Null if there is none. */
export async function findStream(manager: JetStreamManager, name: string): Promise<StreamInfo | null> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (apiErrorCode(error) === apiErrors.streamNotFound) return null;
    throw natsError(`looking for stream ${name}`, error);
  }
}

async function createStream(manager: JetStreamManager, wanted: Wanted): Promise<StreamInfo> {
  try {
    return await manager.streams.add(wanted);
  } catch (error) {
    // Another process may have just created it.
    const found = await findStream(manager, wanted.name);
    if (found !== null) return found;
    throw natsError(`creating stream ${wanted.name}`, error);
  }
}
