/**
 * Purpose: copies the runs that have ended in the stores of single commands into the service's store, so that its API lists them.
 * Owns: how far each store has been copied. Does not own: unfinished runs, which stay where they are and are not driven.
 * Invariants:
 *  G1 nothing is moved or deleted: both copies of an ended run are the same, and neither changes any more
 *  G2 a copy that was interrupted is completed by the next one: entries are deduplicated by their message ids
 */
import { basename } from 'node:path';
import {
  type Backend,
  isLlmteamError,
  type Journal,
  type NewEntry,
  type Position,
  type RunKey,
} from '@llmteam/contracts';
import { noteCopiedEntries, type StepCatalog } from '@llmteam/kernel';
import { composeHistory } from './root.js';
import type { StoreFolders } from './store-folders.js';

export interface GatherOptions {
  readonly stores: StoreFolders;
  /** The service's store. */
  readonly target: Backend;
  readonly catalog: StepCatalog;
}

/** Their appends share a transaction. */
const runsAtATime = 200;

/** Returns how many stores were skipped because other processes own them. @throws LlmteamError of a store */
export async function gatherEndedRuns({ stores, target, catalog }: GatherOptions): Promise<number> {
  let skipped = 0;
  for (const folder of stores.commandFolders()) {
    const source = await stores.own(folder).catch(nullIfLocked);
    if (source === null) {
      skipped++;
      continue;
    }
    try {
      await copyEndedRuns(source.backend, target, basename(folder), catalog);
    } finally {
      await source.backend.close();
    }
  }
  return skipped;
}

async function copyEndedRuns(source: Backend, target: Backend, name: string, catalog: StepCatalog): Promise<void> {
  const from = composeHistory(source, catalog).journal;
  const to = composeHistory(target, catalog).journal;
  const definitions = new Set<string>();
  const before = await endsOf(to);
  for (let partition = 0; partition < from.partitions; partition++) {
    const bookmark = `gathered/${name}/${partition}`;
    const known = (await target.kv.get(bookmark))?.value;
    const { ended, end } = await endedRuns(from, partition, typeof known === 'number' ? known : 0);
    for (let place = 0; place < ended.length; place += runsAtATime) {
      const some = ended.slice(place, place + runsAtATime);
      await Promise.all(some.map((run) => copyRun(run, from, to, definitions)));
    }
    for (const hash of definitions) await target.blobs.put(await source.blobs.get(hash));
    if (end !== known) await target.kv.put(bookmark, end);
  }
  for (const [partition, upto] of (await endsOf(to)).entries()) {
    await noteCopiedEntries(target.kv, partition, { after: before[partition] ?? 0, upto });
  }
}

function endsOf(journal: Journal): Promise<Position[]> {
  return Promise.all(Array.from({ length: journal.partitions }, (_, partition) => journal.end(partition)));
}

/** The runs that have ended since a position, and the position of the last entry looked at. */
async function endedRuns(
  journal: Journal,
  partition: number,
  since: number,
): Promise<{ ended: RunKey[]; end: number }> {
  const ended: RunKey[] = [];
  let end = since;
  const stop = new AbortController();
  for await (const batch of journal.follow(partition, since, stop.signal, { only: 'run_level' })) {
    if (batch.length === 0) break;
    for (const { tenant_id, run_id, position, fact } of batch) {
      end = position;
      if (fact.type === 'run.ended') ended.push({ tenant_id, run_id });
    }
  }
  stop.abort();
  return { ended, end };
}

/** A run whose history cannot be read stays where it is. */
async function copyRun(run: RunKey, from: Journal, to: Journal, definitions: Set<string>): Promise<void> {
  const entries: NewEntry[] = [];
  const hashes: string[] = [];
  try {
    for await (const { message_id, fact } of from.read(run)) {
      if (fact.type === 'run.requested') hashes.push(fact.definition);
      entries.push({ message_id, fact });
    }
  } catch (error) {
    if (isLlmteamError(error) && error.code === 'STORE_CORRUPT') return;
    throw error;
  }
  for (const hash of hashes) definitions.add(hash);
  await to.append(run, entries);
}

function nullIfLocked(error: unknown): null {
  if (isLlmteamError(error) && error.code === 'STORE_LOCKED') return null;
  throw error;
}
