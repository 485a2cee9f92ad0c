import type { Entry, Fact, HumanTask, Journal, Logger, RunKey, RunRequested, RunRow } from '@llmteam/contracts';
import type { Definitions } from '../definitions/definitions.js';
import { evolve, type Outcome, start_run } from '../engine/evolve.js';
import type { Run } from '../engine/state.js';
import { row_after } from '../run-index/row-after.js';
import { row_of } from './run-row.js';

export interface ProjectionPorts {
  readonly journal: Journal;
  readonly definitions: Definitions;
  readonly log: Logger;
}

/** What the lists say of a run, from its history. A run whose step types are not installed here is listed by its first and last fact. */
export async function project_run(
  ports: ProjectionPorts,
  key: RunKey,
): Promise<{ row: RunRow | null; tasks: HumanTask[] }> {
  const facts: Fact[] = [];
  for await (const { fact } of ports.journal.read(key)) facts.push(fact);
  const [request] = facts;
  if (request?.type !== 'run.requested') return { row: null, tasks: [] };
  try {
    return await replay_for_lists(ports, key, request, facts.slice(1));
  } catch (err) {
    const { tenant_id, run_id } = key;
    ports.log.warn({ err, tenant_id, run_id }, 'the steps of a run cannot be evaluated here');
    return { row: bare_row(key, facts), tasks: [] };
  }
}

async function replay_for_lists(
  ports: ProjectionPorts,
  key: RunKey,
  request: RunRequested,
  facts: readonly Fact[],
): Promise<{ row: RunRow; tasks: HumanTask[] }> {
  const tasks = new Map<string, HumanTask>();
  const note = ({ effects }: Outcome): void => {
    for (const effect of effects) if (effect.kind === 'show_task') tasks.set(effect.task.task_id, effect.task);
  };
  const begun = start_run(await ports.definitions.plan(request.definition), key, request);
  const run: Run = begun.run;
  note(begun.outcome);
  for (const fact of facts) note(evolve(run, fact));
  return { row: row_of(run), tasks: [...tasks.values()] };
}

function bare_row(key: RunKey, facts: readonly Fact[]): RunRow | null {
  const entry = (fact: Fact): Entry => ({ ...key, position: 0, message_id: '', fact });
  return facts.reduce<RunRow | null>((row, fact) => row_after(row, entry(fact)), null);
}
