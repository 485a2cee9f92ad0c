/**
 * Purpose: the values that shell completion suggests for an argument: step types, run ids, task ids.
 * Owns: looking them up before the words are completed, because completion itself is synchronous. Failures suggest nothing.
 */
import { resolve } from 'node:path';
import type { HumanTask, RunRow } from '@llmteam/contracts';
import { findConfig, loadConfig, loadPlugins } from '@llmteam/service-host';
import { readEnvironment } from '../environment.js';
import { silentLog } from '../log.js';

export interface Suggestion {
  readonly value: string;
  readonly about: string;
}

export interface Suggestions {
  readonly runs: readonly Suggestion[];
  readonly tasks: readonly Suggestion[];
  readonly types: readonly Suggestion[];
}

const nothing: Suggestions = { runs: [], tasks: [], types: [] };
const suggested = 50;
const tenant = 'default';

/** `words`: those typed after `llmteam`, the last one incomplete. */
export async function suggestionsFor(words: readonly string[]): Promise<Suggestions> {
  try {
    if (words[0] === 'catalog') return { ...nothing, types: await stepTypes() };
    return mayNameRun(words) ? await runsAndTasks(words) : nothing;
  } catch {
    return nothing;
  }
}

function mayNameRun(words: readonly string[]): boolean {
  return (['runs', 'tasks'].includes(words[0] ?? '') && words.length > 2) || words.at(-2) === '--run';
}

async function stepTypes(): Promise<Suggestion[]> {
  const { catalog } = await loadPlugins(loadConfig(findConfig(process.cwd())), silentLog);
  return catalog.list().map(({ type_id, description }) => ({ value: type_id, about: description }));
}

async function runsAndTasks(words: readonly string[]): Promise<Suggestions> {
  const environment = readEnvironment();
  const homeOption = words[words.indexOf('--home') + 1];
  const home = words.includes('--home') ? homeOption : environment.home;
  const { peekStores } = await import('@llmteam/embedded');
  const { runs, tasks } = await peekStores({
    home: resolve(home ?? '.llmteam'),
    tenantId: tenant,
    limit: suggested,
    log: silentLog,
  });
  return { types: [], runs: runs.map(runSuggestion), tasks: tasks.map(taskSuggestion) };
}

function runSuggestion({ run_id, segment_id, status }: RunRow): Suggestion {
  return { value: run_id, about: `${segment_id}, ${status}` };
}

function taskSuggestion({ task_id, request }: HumanTask): Suggestion {
  return { value: task_id, about: request.title };
}
