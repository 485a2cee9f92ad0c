import type { Entry, Fact, HumanTask, Journal, RunKey, RunRequested, RunRow } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { evolve, type Outcome, startRun } from '../engine/evolve.js';
import type { Run } from '../engine/state.js';
import { rowAfter } from '../run-index/row-after.js';
import { rowOf } from './run-row.js';

export interface ProjectionDeps {
  readonly journal: Journal;
  readonly definitions: Definitions;
}

export interface ProjectedRun {
  readonly row: RunRow | null;
  readonly tasks: readonly HumanTask[];
  /** Why the steps of the run cannot be evaluated here; undefined: they can. */
  readonly fault?: unknown;
}

/** What the lists say of a run, from its history. A run whose step types are not installed here is listed by its first and last fact. */
export async function projectRun(deps: ProjectionDeps, key: RunKey): Promise<ProjectedRun> {
  const facts: Fact[] = [];
  for await (const { fact } of deps.journal.read(key)) facts.push(fact);
  const [request] = facts;
  if (request?.type !== 'run.requested') return { row: null, tasks: [] };
  try {
    return await replayForLists(deps, key, request, facts.slice(1));
  } catch (fault) {
    return { row: bareRow(key, facts), tasks: [], fault };
  }
}

async function replayForLists(
  deps: ProjectionDeps,
  key: RunKey,
  request: RunRequested,
  facts: readonly Fact[],
): Promise<ProjectedRun> {
  const tasks = new Map<string, HumanTask>();
  const note = ({ effects }: Outcome): void => {
    for (const effect of effects) if (effect.kind === 'show_task') tasks.set(effect.task.task_id, effect.task);
  };
  const begun = startRun(await deps.definitions.plan(request.definition), key, request);
  const run: Run = begun.run;
  note(begun.outcome);
  for (const fact of facts) note(evolve(run, fact));
  return { row: rowOf(run), tasks: [...tasks.values()] };
}

function bareRow(key: RunKey, facts: readonly Fact[]): RunRow | null {
  const entry = (fact: Fact): Entry => ({ ...key, position: 0, message_id: '', fact });
  return facts.reduce<RunRow | null>((row, fact) => rowAfter(row, entry(fact)), null);
}
