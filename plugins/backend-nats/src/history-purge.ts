import type { Position, RunKey } from '@llmteam/contracts';
import type { JetStreamManager } from '@nats-io/jetstream';
import type { Names } from './names.js';
import { sequenceAfter } from './positions.js';

/** Removes the history of a run from its stream, or only what comes before the message with the position. */
export async function purgeHistory(
  { manager, names }: { readonly manager: JetStreamManager; readonly names: Names },
  partition: number,
  run: RunKey,
  before?: Position,
): Promise<void> {
  const filter = names.historySubjects(partition, run);
  // The server keeps the message with that sequence and all later ones.
  const limit = before === undefined ? {} : { seq: sequenceAfter(before - 1) };
  await manager.streams.purge(names.journalStream(partition), { filter, ...limit });
}
