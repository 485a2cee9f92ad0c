/** Runs in a journal that nobody drives, and the lists of them. */
import { system_clock } from '@llmteam/backend-embedded';
import type { Backend, HumanTask, RunRow } from '@llmteam/contracts';
import flow from '@llmteam/flow';
import {
  create_expression_compiler,
  create_run_service,
  Definitions,
  define_segment,
  LargeValueJournal,
  type RebuildPorts,
  StepCatalog,
} from '@llmteam/kernel';
import { quiet_logger } from '../support/quiet-logger.js';
import { approval, delay } from './segments.js';

const tenants = ['acme', 'globex'];

export function rebuild_ports({ journal, blobs, index }: Backend, types = catalog()): RebuildPorts {
  const definitions = new Definitions(blobs, types, create_expression_compiler());
  return { journal: new LargeValueJournal(journal, blobs), index, definitions, log: quiet_logger };
}

function catalog(): StepCatalog {
  const types = new StepCatalog();
  for (const type of flow.step_types ?? []) if (type.kind === 'control') types.add(type, '1.0.0', 'flow');
  return types;
}

/** Starts runs of two tenants, every third of which asks somebody; the first of all is told something in the end. */
export async function start_runs(backend: Backend, count: number): Promise<void> {
  const { journal, index, definitions } = rebuild_ports(backend);
  let ids = 0;
  const new_id = () => `run-${String(++ids).padStart(5, '0')}`;
  const service = create_run_service({ journal, index, definitions, clock: system_clock(), new_id });
  const asking = { ...approval, steps: approval.steps.slice(0, 1), edges: [] };
  const [waits, asks] = [
    await definitions.put(define_segment(delay, catalog())),
    await definitions.put(define_segment(asking, catalog())),
  ];
  const starts = Array.from({ length: count }, (_, place) => ({
    tenant_id: tenants[place % 2] ?? '',
    definition: place % 3 === 0 ? asks : waits,
    input: {},
    run_id: new_id(),
  }));
  for (let place = 0; place < count; place += 100) {
    await Promise.all(starts.slice(place, place + 100).map((request) => service.start(request)));
  }
  const [first] = starts;
  if (first !== undefined) await service.signal(first, 'late', null);
}

/** Every page of both lists, of all tenants. */
export async function lists_of({ index }: Pick<Backend, 'index'>): Promise<{ runs: RunRow[]; tasks: HumanTask[] }> {
  const runs: RunRow[] = [];
  const tasks: HumanTask[] = [];
  for (const tenant_id of tenants) {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await index.runs({ tenant_id, limit: 1_000, ...(cursor !== undefined && { cursor }) });
      runs.push(...page.rows);
      cursor = page.cursor;
    }
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await index.tasks({ tenant_id, limit: 1_000, ...(cursor !== undefined && { cursor }) });
      tasks.push(...page.rows);
      cursor = page.cursor;
    }
  }
  return { runs, tasks };
}
