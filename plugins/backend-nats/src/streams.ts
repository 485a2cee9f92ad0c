/**
 * Purpose: what the streams of an installation must be like, and how one that is there differs.
 * Owns: nothing that exists is changed: what differs is said, for the operator to decide.
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
import { api_error_code, api_errors, nats_error } from './nats-error.js';
import type { ServerVersion } from './server-version.js';
import type { NatsSettings } from './settings.js';

export type Wanted = Partial<StreamConfig> & { readonly name: string };

const partitions_key = 'llmteam.partitions';

export function journal_config(
  settings: NatsSettings,
  names: Names,
  version: ServerVersion,
  partition: number,
): Wanted {
  return {
    name: names.journal_stream(partition),
    description: `LLMTeam journal, partition ${partition} of ${settings.partitions}`,
    subjects: [names.partition_subjects(partition)],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: settings.replicas,
    discard: DiscardPolicy.New,
    max_bytes: settings.max_journal_bytes,
    duplicate_window: settings.dedupe_window_ms * 1_000_000,
    allow_direct: true,
    deny_delete: true,
    metadata: { [partitions_key]: String(settings.partitions) },
    ...(version.has_atomic_batches && { allow_atomic: true }),
  };
}

export function jobs_config(settings: NatsSettings, names: Names, version: ServerVersion): Wanted {
  const is_on_disk = settings.jobs_storage === 'file';
  return {
    name: names.jobs_stream,
    description: 'LLMTeam jobs: one message per job that is queued or handed out',
    subjects: [names.all_jobs],
    retention: RetentionPolicy.Workqueue,
    storage: is_on_disk ? StorageType.File : StorageType.Memory,
    num_replicas: settings.replicas,
    discard: DiscardPolicy.New,
    discard_new_per_subject: true,
    max_msgs_per_subject: 1,
    duplicate_window: 1_000_000_000,
    ...(is_on_disk && version.has_atomic_batches && { allow_atomic: true }),
  };
}

/** The stream behind a bucket, which the client makes. */
export function bucket_config(settings: NatsSettings, name: string): Wanted {
  return { name, storage: StorageType.File, num_replicas: settings.replicas };
}

/** What of an existing stream must be as configured; the rest the operator may change. */
const fixed = [
  'retention',
  'storage',
  'num_replicas',
  'discard',
  'max_msgs_per_subject',
  'discard_new_per_subject',
] as const;

/** How a stream differs from what it must be, in words. */
export function differences(wanted: Wanted, found: StreamInfo): string[] {
  const { config } = found;
  const faults: string[] = [];
  for (const key of fixed) {
    if (key in wanted && config[key] !== wanted[key]) faults.push(`${key} is ${config[key]}, expected ${wanted[key]}`);
  }
  const subjects = config.subjects.join(', ');
  const expected_subjects = wanted.subjects?.join(', ') ?? subjects;
  if (subjects !== expected_subjects) faults.push(`subjects are ${subjects}, expected ${expected_subjects}`);
  const partitions = config.metadata?.[partitions_key];
  const expected = wanted.metadata?.[partitions_key];
  if (expected !== undefined && partitions !== expected) {
    const found_partitions = partitions ?? 'an unknown number of';
    faults.push(
      `it is one of ${found_partitions} partitions, expected ${expected}: their number is fixed once there are any`,
    );
  }
  return faults;
}

/** @throws LlmteamError `BACKEND_UNSUITABLE` naming what differs; `BACKEND_UNREACHABLE` */
export async function ensure_stream(manager: JetStreamManager, wanted: Wanted): Promise<StreamInfo> {
  const found = (await find_stream(manager, wanted.name)) ?? (await make_stream(manager, wanted));
  check_streams([[wanted, found]]);
  return found;
}

/** @throws LlmteamError `BACKEND_UNSUITABLE` naming all that differs */
export function check_streams(pairs: readonly (readonly [Wanted, StreamInfo | null])[]): void {
  const faults = pairs.flatMap(([wanted, found]) => {
    const of_stream = found === null ? [] : differences(wanted, found);
    return of_stream.length === 0 ? [] : [`stream ${wanted.name} is not as configured: ${of_stream.join('; ')}`];
  });
  if (faults.length > 0) throw new LlmteamError('BACKEND_UNSUITABLE', faults.join('. '));
}

/** null: there is none. */
export async function find_stream(manager: JetStreamManager, name: string): Promise<StreamInfo | null> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (api_error_code(error) === api_errors.stream_not_found) return null;
    throw nats_error(`looking for stream ${name}`, error);
  }
}

async function make_stream(manager: JetStreamManager, wanted: Wanted): Promise<StreamInfo> {
  try {
    return await manager.streams.add(wanted);
  } catch (error) {
    // Another process may have made it in this moment.
    const found = await find_stream(manager, wanted.name);
    if (found !== null) return found;
    throw nats_error(`making stream ${wanted.name}`, error);
  }
}
