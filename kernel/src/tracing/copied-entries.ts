/**
 * Entries of a journal that were copied from another: `copied/<partition>` in the key-value store. Whoever drove their runs has exported
 * their spans.
 */
import type { KvStore, Position } from '@llmteam/contracts';

export interface CopiedEntries {
  readonly after: Position;
  readonly upto: Position;
}

export async function copiedEntries(kv: Pick<KvStore, 'get'>, partition: number): Promise<readonly CopiedEntries[]> {
  const found = await kv.get(keyOf(partition));
  return Array.isArray(found?.value) ? (found.value as unknown as readonly CopiedEntries[]) : [];
}

/** Ranges that adjoin become one. */
export async function noteCopiedEntries(
  kv: Pick<KvStore, 'get' | 'put'>,
  partition: number,
  { after, upto }: CopiedEntries,
): Promise<void> {
  if (upto <= after) return;
  const known = await copiedEntries(kv, partition);
  const last = known.at(-1);
  const ranges = last?.upto === after ? [...known.slice(0, -1), { ...last, upto }] : [...known, { after, upto }];
  await kv.put(
    keyOf(partition),
    ranges.slice(-mostRanges).map((range) => ({ ...range })),
  );
}

/** A range is one start of `llmteam dev` after runs of commands; what is older lies before its checkpoint. */
const mostRanges = 100;

function keyOf(partition: number): string {
  return `copied/${partition}`;
}
