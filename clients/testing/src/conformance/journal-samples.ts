import type { Entry, Fact, Journal, Json, NewEntry, RunKey } from '@llmteam/contracts';

export const run: RunKey = { tenant_id: 'acme', run_id: 'run-1' };
export const otherRun: RunKey = { tenant_id: 'acme', run_id: 'run-2' };

export function fact(payload: unknown): Fact {
  return { type: 'signal.received', at: 1_700_000_000_000, name: 'told', payload: payload as Json };
}

export function message(messageId: string, payload: unknown = messageId): NewEntry {
  return { message_id: messageId, fact: fact(payload) };
}

export function messages(count: number, prefix = 'm'): NewEntry[] {
  return Array.from({ length: count }, (_, index) => message(`${prefix}${index}`));
}

/** The current entries of the partition. */
export async function entriesOf(journal: Journal, partition: number, from = 0): Promise<Entry[]> {
  const stop = new AbortController();
  const entries: Entry[] = [];
  for await (const batch of journal.follow(partition, from, stop.signal)) {
    if (batch.length === 0) break;
    entries.push(...batch);
  }
  stop.abort();
  return entries;
}
