/** Messages of the journal that cannot be read: their runs were given up. */
import type { Journal, KvStore, UnreadableMessage } from '@llmteam/contracts';
import { eachLocalStore } from '@llmteam/embedded';
import { CheckedJournal, type KeptMessage, listUnreadable } from '@llmteam/kernel';
import { shownTime } from '../durations.js';
import { silentLog } from '../log.js';
import { type Check, counted, ok, problem, reasonOf, warning } from './check.js';

const name = 'journal';
const shown = 10;
const mostFound = 100;

export async function checkUnreadable(kv: Pick<KvStore, 'list'>): Promise<Check[]> {
  return checksOf(await listUnreadable(kv), '');
}

/** Of every store of a folder that can be opened. @throws LlmteamError `FILE_UNREADABLE` */
export async function checkLocalJournals(home: string): Promise<Check[]> {
  const checks: Check[] = [];
  try {
    await eachLocalStore({ home, log: silentLog }, async ({ folder, kv, journal }) => {
      const kept = await listUnreadable(kv);
      const found = journal === null ? [] : await unreadableIn(journal);
      const fresh = found.filter(({ position }) => !kept.some((one) => one.position === position));
      checks.push(...checksOf([...kept, ...fresh], ` in '${folder}'`).filter(({ state }) => state !== 'ok'));
    });
  } catch (error) {
    checks.push(problem(name, reasonOf(error)));
  }
  return checks.length > 0 ? checks : [ok(name, 'every message can be read')];
}

/** Reads the whole journal of a store that no process drives: what nobody has come across is not kept aside yet. */
async function unreadableIn(journal: Journal): Promise<readonly KeptMessage[]> {
  const found: KeptMessage[] = [];
  const note = ({ position, runs, reason }: UnreadableMessage): void => {
    if (found.length < mostFound)
      found.push({ partition: 0, position, runs, run_count: runs.length, reason, at: Date.now() });
  };
  const stop = new AbortController();
  for await (const batch of new CheckedJournal(journal).follow(0, 0, stop.signal, { unreadable: note })) {
    if (batch.length === 0) break;
  }
  stop.abort();
  return found;
}

function checksOf(messages: readonly KeptMessage[], where: string): Check[] {
  if (messages.length === 0) return [ok(name, 'every message can be read')];
  const lines = messages.slice(0, shown).map((message) => warning(name, describe(message) + where));
  const more = messages.length - lines.length;
  return more === 0 ? lines : [...lines, warning(name, `${counted(more, 'more message')} cannot be read${where}`)];
}

function describe({ partition, position, runs, run_count, reason, at }: KeptMessage): string {
  const named = runs.map(({ tenant_id, run_id }) => `${run_id} of tenant ${tenant_id}`).join(', ');
  const more = run_count > runs.length ? ` and ${run_count - runs.length} more` : '';
  const given = run_count === 0 ? 'its run is not known' : `given up: ${named}${more}`;
  return `position ${position} of partition ${partition} cannot be read (${reason}); ${given}; seen ${shownTime(at)}`;
}
