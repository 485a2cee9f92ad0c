/**
 * Purpose: the run or task a user means by an id or by its unique beginning.
 * Owns: searching the lists of all stores. A complete id is not looked up: the command that uses it reports an unknown one.
 */
import { type HumanTask, isLlmteamError, LlmteamError, type Page } from '@llmteam/contracts';
import { openStores } from './open-stores.js';
import type { Runs } from './run-stores.js';
import type { Settings } from './settings.js';

const wholeId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(\.[0-9.]+)?$/;
const rowsPerPage = 1_000;
/** Per store. Older runs need their whole id. */
const maxPages = 50;
const namedCandidates = 5;

type Act<T> = (id: string) => Promise<T>;

/** Calls `act` with the id of the run that is meant. @throws LlmteamError `USAGE`, naming candidates, if it could be several */
export function withRunLike<T>(settings: Settings, tenantId: string, text: string, act: Act<T>): Promise<T> {
  return withOneLike(settings, text, 'RUN_UNKNOWN', act, () => findRun(settings, tenantId, text));
}

/** The same for a task. Its id is `<run_id>:<step key>`; both parts may be cut short. */
export function withTaskLike<T>(settings: Settings, tenantId: string, text: string, act: Act<T>): Promise<T> {
  return withOneLike(settings, text, 'TASK_UNKNOWN', act, () => findTask(settings, tenantId, text));
}

/** A gateway may use ids of any form, and every look-up is a request, so there an id is first taken as it is. */
async function withOneLike<T>(
  { gateway }: Settings,
  text: string,
  unknown: 'RUN_UNKNOWN' | 'TASK_UNKNOWN',
  act: Act<T>,
  find: () => Promise<string>,
): Promise<T> {
  if (wholeId.test(text.split(':', 1)[0] ?? '') && (unknown === 'RUN_UNKNOWN' || text.includes(':'))) return act(text);
  if (gateway === null) return act(await find());
  try {
    return await act(text);
  } catch (error) {
    if (!isLlmteamError(error) || error.code !== unknown) throw error;
    const found = await find();
    if (found === text) throw error;
    return act(found);
  }
}

/** The id of the run that is meant, or the text if there is none. @throws LlmteamError `USAGE`, naming candidates */
export async function findRun(settings: Settings, tenantId: string, text: string): Promise<string> {
  if (wholeId.test(text)) return text;
  const ids = await rowsOf(settings, async (runs, page) => {
    const { rows, cursor } = await runs.list({ tenant_id: tenantId, ...page });
    return { rows: rows.map(({ run_id }) => run_id), cursor };
  });
  const found = ids.filter((id) => id.startsWith(text));
  return theOne('run', text, withoutChildren(found)) ?? text;
}

async function findTask(settings: Settings, tenantId: string, text: string): Promise<string> {
  const [run = '', ...steps] = text.split(':');
  return (await taskLike(settings, tenantId, run, steps.join(':'))) ?? text;
}

async function taskLike(settings: Settings, tenantId: string, run: string, step: string): Promise<string | null> {
  const tasks = await rowsOf<HumanTask>(settings, (runs, page) => runs.tasks({ tenant_id: tenantId, ...page }));
  const begun = tasks.filter(({ task_id, run_id }) => run_id.startsWith(run) && stepOf(task_id).startsWith(step));
  const exact = begun.filter(({ task_id }) => stepOf(task_id) === step);
  const alike = exact.length > 0 ? exact : begun;
  const open = alike.filter(({ status }) => status !== 'closed');
  const ids = (open.length > 0 ? open : alike).map(({ task_id }) => task_id);
  return theOne('task', step === '' ? run : `${run}:${step}`, [...new Set(ids)]);
}

function stepOf(taskId: string): string {
  return taskId.slice(taskId.indexOf(':') + 1);
}

async function rowsOf<T>(
  settings: Settings,
  read: (runs: Runs, page: { limit: number; cursor?: string }) => Promise<Page<T>>,
): Promise<T[]> {
  const stores = await openStores(settings);
  const lists = await stores.each(async (runs) => {
    const rows: T[] = [];
    let cursor: string | null = null;
    for (let pages = 0; pages < maxPages; pages++) {
      const page: Page<T> = await read(runs, { limit: rowsPerPage, ...(cursor !== null && { cursor }) });
      rows.push(...page.rows);
      cursor = page.cursor;
      if (cursor === null) break;
    }
    return rows;
  });
  return lists.flat();
}

/** A parent is meant rather than its child runs, whose ids begin with its id and a dot. */
function withoutChildren(ids: readonly string[]): string[] {
  const known = new Set(ids);
  const hasParent = (id: string): boolean => {
    for (let dot = id.indexOf('.'); dot > 0; dot = id.indexOf('.', dot + 1))
      if (known.has(id.slice(0, dot))) return true;
    return false;
  };
  return [...known].filter((id) => !hasParent(id));
}

function theOne(what: string, text: string, ids: readonly string[]): string | null {
  const [first = null] = ids;
  if (ids.length <= 1 || ids.includes(text)) return ids.includes(text) ? text : first;
  const more = ids.length > namedCandidates ? `\nand ${ids.length - namedCandidates} more` : '';
  const candidates = ids.slice(0, namedCandidates).join('\n');
  throw new LlmteamError('USAGE', `'${text}' could be any of ${ids.length} ${what}s:\n${candidates}${more}`);
}
