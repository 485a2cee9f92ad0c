import { resolve } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';
import type { WrittenNatsSettings } from './settings-schema.js';

/** How to reach the servers, and how an installation is laid out on them. */
export interface NatsSettings {
  readonly servers: readonly string[];
  /** Prefix of streams, buckets and subjects, so that installations can share a server. `^[a-z][a-z0-9_]*$` */
  readonly namespace: string;
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
  /** Path of a credentials file. */
  readonly credsFile?: string;
  readonly tls?: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** Number of streams the journal is spread over. Fixed once the installation exists. */
  readonly partitions: number;
  /** Replicas of every stream; more than 1 needs a cluster. */
  readonly replicas: number;
  /** Jobs can be derived from the journal again, so memory is enough. */
  readonly jobsStorage: 'memory' | 'file';
  /** The server's deduplication window for message ids. */
  readonly dedupeWindowMs: number;
  /** How long a job's lease lasts without an ack or `extend`. */
  readonly jobLeaseMs: number;
  /** Per partition; -1 for no limit. */
  readonly maxJournalBytes: number;
  /**
   * Publishes pending messages in atomic batches where the server supports it (2.12). Meant for a server that syncs every write;
   * one that does not is several times faster without.
   */
  readonly atomicBatches: boolean;
}

export const defaultSettings: NatsSettings = {
  servers: ['nats://127.0.0.1:4222'],
  namespace: 'llmteam',
  partitions: 4,
  replicas: 1,
  jobsStorage: 'memory',
  dedupeWindowMs: 30_000,
  jobLeaseMs: 15_000,
  maxJournalBytes: -1,
  atomicBatches: false,
};

const maxPartitions = 64;

/** @throws LlmteamError `CONFIG_INVALID` naming every invalid setting */
export function checkSettings(settings: NatsSettings): void {
  const faults: string[] = [];
  const { servers, namespace, partitions, replicas, dedupeWindowMs, jobLeaseMs } = settings;
  if (servers.length === 0) faults.push('servers is empty');
  if (!/^[a-z][a-z0-9_]*$/.test(namespace)) faults.push(`namespace is '${namespace}', expected ^[a-z][a-z0-9_]*$`);
  if (!Number.isInteger(partitions) || partitions < 1 || partitions > maxPartitions) {
    faults.push(`partitions is ${partitions}, expected 1 to ${maxPartitions}`);
  }
  if (![1, 3, 5].includes(replicas)) faults.push(`replicas is ${replicas}, expected 1, 3 or 5`);
  if (!(dedupeWindowMs >= 100)) faults.push(`dedupeWindowMs is ${dedupeWindowMs}, expected at least 100`);
  if (!(jobLeaseMs >= 100)) faults.push(`jobLeaseMs is ${jobLeaseMs}, expected at least 100`);
  if (faults.length > 0) throw new LlmteamError('CONFIG_INVALID', `NATS settings: ${faults.join('; ')}`);
}

/** `folder`: where relative paths begin. */
export function settingsOf(written: WrittenNatsSettings, folder: string): NatsSettings {
  const { user, password, token, creds_file, tls } = written;
  const absolute = (path: string): string => resolve(folder, path);
  return {
    servers: written.servers,
    namespace: written.namespace,
    partitions: written.partitions,
    replicas: written.replicas,
    jobsStorage: written.jobs_storage,
    dedupeWindowMs: written.dedupe_window_seconds * 1_000,
    jobLeaseMs: written.job_lease_seconds * 1_000,
    maxJournalBytes: written.max_journal_bytes,
    atomicBatches: written.atomic_batches,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { password }),
    ...(token !== undefined && { token }),
    ...(creds_file !== undefined && { credsFile: absolute(creds_file) }),
    ...(tls !== undefined && { tls: tlsFiles(tls, absolute) }),
  };
}

function tlsFiles(
  { ca_file, cert_file, key_file }: NonNullable<WrittenNatsSettings['tls']>,
  absolute: (path: string) => string,
): NonNullable<NatsSettings['tls']> {
  return {
    ...(ca_file !== undefined && { caFile: absolute(ca_file) }),
    ...(cert_file !== undefined && { certFile: absolute(cert_file) }),
    ...(key_file !== undefined && { keyFile: absolute(key_file) }),
  };
}
