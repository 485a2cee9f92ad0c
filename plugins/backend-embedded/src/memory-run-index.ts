import {
  closedError,
  type HumanTask,
  type IndexChange,
  type Page,
  type Position,
  type RunIndex,
  type RunKey,
  type RunQuery,
  type RunRow,
  type RunWaits,
  type TaskQuery,
} from '@llmteam/contracts';
import { checkPrefix, compare, hasAll, isOneOf, matches, pageOfRows } from './run-filter.js';

/** The rows of one tenant. */
interface Tenant {
  readonly runs: Map<string, RunRow>;
  /** By run id. */
  readonly waits: Map<string, readonly string[]>;
  readonly tasks: Map<string, HumanTask>;
}

/** The reference index: a query scans every row of the tenant. */
export class MemoryRunIndex implements RunIndex {
  readonly supports = { durable: false };
  readonly #tenants = new Map<string, Tenant>();
  readonly #positions = new Map<number, Position>();
  #closed = false;

  async apply(changes: readonly IndexChange[]): Promise<void> {
    this.#checkOpen();
    for (const { partition, position, runs, tasks } of structuredClone(changes)) {
      if (position <= (this.#positions.get(partition) ?? 0)) continue;
      this.#positions.set(partition, position);
      for (const run of runs) this.#put(run);
      for (const task of tasks) this.#tenant(task.tenant_id).tasks.set(task.task_id, task);
    }
  }

  #put({ waits: _, ...run }: RunRow): void {
    const tenant = this.#tenant(run.tenant_id);
    tenant.runs.set(run.run_id, run);
    if (run.redacted === undefined) return;
    for (const [id, task] of tenant.tasks) if (task.run_id === run.run_id) tenant.tasks.delete(id);
  }

  async noteWaits(notes: readonly RunWaits[]): Promise<void> {
    this.#checkOpen();
    for (const { tenant_id, run_id, waits } of notes) {
      if (waits.length > 0) this.#tenant(tenant_id).waits.set(run_id, [...waits]);
      else this.#tenants.get(tenant_id)?.waits.delete(run_id);
    }
  }

  async remove(runs: readonly RunKey[]): Promise<void> {
    this.#checkOpen();
    for (const { tenant_id, run_id } of runs) {
      const tenant = this.#tenants.get(tenant_id);
      tenant?.runs.delete(run_id);
      tenant?.waits.delete(run_id);
      for (const [id, task] of tenant?.tasks ?? []) if (task.run_id === run_id) tenant?.tasks.delete(id);
    }
  }

  async clear(): Promise<void> {
    this.#checkOpen();
    this.#tenants.clear();
    this.#positions.clear();
  }

  async position(partition: number): Promise<Position> {
    this.#checkOpen();
    return this.#positions.get(partition) ?? 0;
  }

  async runs(query: RunQuery): Promise<Page<RunRow>> {
    this.#checkOpen();
    const all = this.#rowsOf(query.tenant_id);
    const { run_id_prefix: prefix } = query;
    if (prefix !== undefined) checkPrefix(prefix, all.filter(({ run_id }) => run_id.startsWith(prefix)).length);
    const rows = all.filter((row) => hasAll(query, row));
    return structuredClone(pageOfRows('runs', rows, query, (row) => ({ at: row.started_at, id: row.run_id })));
  }

  async run(tenantId: string, runId: string): Promise<RunRow | null> {
    this.#checkOpen();
    const row = this.#tenants.get(tenantId)?.runs.get(runId);
    return row === undefined ? null : structuredClone(this.#withWaits(row));
  }

  async live(after: RunKey | null, limit: number): Promise<readonly RunRow[]> {
    this.#checkOpen();
    const rows = [...this.#tenants.keys()].flatMap((tenantId) => this.#rowsOf(tenantId));
    const live = rows.filter((row) => row.ended_at === null && (after === null || byKey(row, after) > 0));
    return structuredClone(live.sort(byKey).slice(0, limit));
  }

  async tasks(query: TaskQuery): Promise<Page<HumanTask>> {
    this.#checkOpen();
    const rows = [...(this.#tenants.get(query.tenant_id)?.tasks.values() ?? [])].filter(
      (row) =>
        matches(query.run_id, row.run_id) &&
        matches(query.segment_id, row.segment_id) &&
        matches(query.assignee, row.claimed_by ?? row.request.assignee) &&
        isOneOf(query.status, row.status),
    );
    return structuredClone(pageOfRows('tasks', rows, query, (row) => ({ at: row.created_at, id: row.task_id })));
  }

  async task(tenantId: string, taskId: string): Promise<HumanTask | null> {
    this.#checkOpen();
    return structuredClone(this.#tenants.get(tenantId)?.tasks.get(taskId) ?? null);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  #rowsOf(tenantId: string): RunRow[] {
    return [...(this.#tenants.get(tenantId)?.runs.values() ?? [])].map((row) => this.#withWaits(row));
  }

  #withWaits(row: RunRow): RunRow {
    const waits = this.#tenants.get(row.tenant_id)?.waits.get(row.run_id);
    return waits === undefined || row.ended_at !== null ? row : { ...row, waits };
  }

  #tenant(tenantId: string): Tenant {
    const known = this.#tenants.get(tenantId);
    if (known !== undefined) return known;
    const tenant = { runs: new Map(), waits: new Map(), tasks: new Map() };
    this.#tenants.set(tenantId, tenant);
    return tenant;
  }

  #checkOpen(): void {
    if (this.#closed) throw closedError('run index');
  }
}

function byKey(a: RunKey, b: RunKey): number {
  return compare(a.tenant_id, b.tenant_id) || compare(a.run_id, b.run_id);
}
