/** Messages of the journal that cannot be read: their runs were given up. */
import type { KvStore } from '@llmteam/contracts';
import { eachLocalKv } from '@llmteam/embedded';
import { type KeptMessage, listUnreadable } from '@llmteam/kernel';
import { shownTime } from '../durations.js';
import { type Check, counted, ok, problem, reasonOf, warning } from './check.js';

const name = 'journal';
const shown = 10;

export async function checkUnreadable(kv: Pick<KvStore, 'list'>): Promise<Check[]> {
  return checksOf(await listUnreadable(kv), '');
}

/** Of every store of a folder that can be opened. @throws LlmteamError `FILE_UNREADABLE` */
export async function checkLocalJournals(home: string): Promise<Check[]> {
  const checks: Check[] = [];
  try {
    await eachLocalKv(home, async (kv, folder) => {
      checks.push(...checksOf(await listUnreadable(kv), ` in '${folder}'`).filter(({ state }) => state !== 'ok'));
    });
  } catch (error) {
    checks.push(problem(name, reasonOf(error)));
  }
  return checks.length > 0 ? checks : [ok(name, 'every message can be read')];
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
