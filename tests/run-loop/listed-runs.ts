/** Runs in a journal without a driver, and their index. */
import type { Backend, HumanTask, RunRow } from '@llmteam/contracts';
import flow from '@llmteam/flow';
import {
  createExpressionCompiler,
  createRunService,
  Definitions,
  defineSegment,
  LargeValueJournal,
  type RebuildDeps,
  StepCatalog,
} from '@llmteam/kernel';
import { manualClock } from '@llmteam/testing';
import { quietLogger } from '../support/quiet-logger.js';
import { approval, delay } from './segments.js';

const tenants = ['acme', 'globex'];

export function rebuildPorts({ journal, blobs, index }: Backend, types = catalog()): RebuildDeps {
  const definitions = new Definitions(blobs, types, createExpressionCompiler());
  return { journal: new LargeValueJournal(journal, blobs), index, definitions, log: quietLogger };
}

function catalog(): StepCatalog {
  const types = new StepCatalog();
  for (const type of flow.stepTypes ?? []) if (type.kind === 'control') types.add(type, '1.0.0', 'flow');
  return types;
}

/** Starts runs of two tenants, every third with a human task; finally appends a fact to the first run. */
export async function startRuns(backend: Backend, count: number): Promise<void> {
  const { journal, index, definitions } = rebuildPorts(backend);
  let ids = 0;
  const newId = () => `run-${String(++ids).padStart(5, '0')}`;
  const service = createRunService({ journal, index, definitions, clock: manualClock(Date.UTC(2026, 0, 1)), newId });
  const asking = { ...approval, steps: approval.steps.slice(0, 1), edges: [] };
  const [waits, asks] = [
    await definitions.put(defineSegment(delay, catalog())),
    await definitions.put(defineSegment(asking, catalog())),
  ];
  const starts = Array.from({ length: count }, (_, place) => ({
    tenant_id: tenants[place % 2] ?? '',
    definition: place % 3 === 0 ? asks : waits,
    input: {},
    run_id: newId(),
  }));
  for (let place = 0; place < count; place += 100) {
    await Promise.all(starts.slice(place, place + 100).map((request) => service.start(request)));
  }
  const [first] = starts;
  if (first !== undefined) await service.signal(first, 'late', null);
}

/** Every page of both lists, of all tenants. */
export async function listsOf({ index }: Pick<Backend, 'index'>): Promise<{ runs: RunRow[]; tasks: HumanTask[] }> {
  const runs: RunRow[] = [];
  const tasks: HumanTask[] = [];
  for (const tenantId of tenants) {
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await index.runs({ tenant_id: tenantId, limit: 1_000, ...(cursor !== undefined && { cursor }) });
      runs.push(...page.rows);
      cursor = page.cursor;
    }
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page = await index.tasks({ tenant_id: tenantId, limit: 1_000, ...(cursor !== undefined && { cursor }) });
      tasks.push(...page.rows);
      cursor = page.cursor;
    }
  }
  return { runs, tasks };
}
