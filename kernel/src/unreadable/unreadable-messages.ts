/**
 * Purpose: messages of the journal that cannot be read, kept aside for the operator. The journal keeps them: what is kept here says where.
 * Owns: `unreadable/<partition>/<position>` in the key-value store, at most 100 per partition; they expire after 30 days.
 */
import { isLlmteamError, type Json, type KvStore, type RunKey, type UnreadableMessage } from '@llmteam/contracts';

const prefix = 'unreadable/';
const keptForMs = 30 * 24 * 3_600_000;
const maxPerPartition = 100;
const maxRuns = 20;
const maxReason = 500;

export interface KeptMessage {
  readonly partition: number;
  readonly position: number;
  /** The runs that were given up, at most 20; empty if they are not known. */
  readonly runs: readonly RunKey[];
  /** How many there are. */
  readonly run_count: number;
  readonly reason: string;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** `known`: it is kept already, so it was told before. `full`: too many are kept. */
export type Kept = 'new' | 'known' | 'full';

/** @throws LlmteamError of the key-value store */
export async function keepUnreadable(
  kv: Pick<KvStore, 'put' | 'list'>,
  partition: number,
  { position, runs, reason }: UnreadableMessage,
  at: number,
): Promise<Kept> {
  const key = `${prefixOf(partition)}${String(position).padStart(16, '0')}`;
  const kept = await kv.list(prefixOf(partition), { limit: maxPerPartition });
  if (kept.some((one) => one.key === key)) return 'known';
  if (kept.length >= maxPerPartition) return 'full';
  const some = runs.slice(0, maxRuns).map(({ tenant_id, run_id }) => ({ tenant_id, run_id }));
  const message: KeptMessage = {
    partition,
    position,
    runs: some,
    run_count: runs.length,
    reason: reason.slice(0, maxReason),
    at,
  };
  try {
    await kv.put(key, message as unknown as Json, { ifRevision: 0, ttlMs: keptForMs });
    return 'new';
  } catch (error) {
    if (isLlmteamError(error) && error.code === 'REVISION_CONFLICT') return 'known';
    throw error;
  }
}

/** Of a partition, or of all, in the order of their positions. @throws LlmteamError of the key-value store */
export async function listUnreadable(kv: Pick<KvStore, 'list'>, partition?: number): Promise<readonly KeptMessage[]> {
  const found = await kv.list(partition === undefined ? prefix : prefixOf(partition));
  return found.map(({ value }) => value as unknown as KeptMessage);
}

function prefixOf(partition: number): string {
  return `${prefix}${partition}/`;
}
