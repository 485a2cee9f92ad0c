/**
 * Purpose: how many human tasks are open, by tenant, and how long the oldest has been.
 * Owns: how old an answer may be, and how many tasks are read for it. Beyond that, what is told is the least there is.
 */
import type { Clock, HumanTask, RunIndex } from '@llmteam/contracts';
import { Recent } from '@llmteam/service-host';

export interface TenantTasks {
  readonly tenant_id: string;
  readonly open: number;
  readonly overdue: number;
  /** 0 if none is open. */
  readonly oldest_seconds: number;
}

const freshMs = 10_000;
const pageSize = 1_000;
const mostTasks = 10_000;

export class OpenTasks {
  private readonly recent: Recent<readonly TenantTasks[]>;

  constructor(
    private readonly index: Pick<RunIndex, 'tasks'>,
    /** The live runs by tenant: an open task belongs to one. */
    private readonly activeRuns: () => ReadonlyMap<string, number>,
    private readonly clock: Clock,
  ) {
    this.recent = new Recent(clock, freshMs, () => this.read());
  }

  /** Of every tenant that has had a live run. @throws LlmteamError of the index */
  byTenant(): Promise<readonly TenantTasks[]> {
    return this.recent.get();
  }

  private async read(): Promise<readonly TenantTasks[]> {
    const found: TenantTasks[] = [];
    let left = mostTasks;
    for (const [tenantId, runs] of [...this.activeRuns()]) {
      const tasks = runs === 0 ? [] : await this.tasksOf(tenantId, left);
      left -= tasks.length;
      found.push(told(tenantId, tasks, this.clock.now()));
    }
    return found;
  }

  private async tasksOf(tenantId: string, most: number): Promise<readonly HumanTask[]> {
    const tasks: HumanTask[] = [];
    let cursor: string | undefined;
    while (tasks.length < most) {
      const limit = Math.min(pageSize, most - tasks.length);
      const query = { tenant_id: tenantId, status: ['open', 'claimed'] as const, limit };
      const page = await this.index.tasks({ ...query, ...(cursor !== undefined && { cursor }) });
      tasks.push(...page.rows);
      if (page.cursor === null) break;
      cursor = page.cursor;
    }
    return tasks;
  }
}

function told(tenantId: string, tasks: readonly HumanTask[], now: number): TenantTasks {
  const oldest = tasks.reduce((at, { created_at }) => Math.min(at, created_at), now);
  return {
    tenant_id: tenantId,
    open: tasks.length,
    overdue: tasks.filter(({ request: { due_at } }) => due_at !== null && due_at < now).length,
    oldest_seconds: (now - oldest) / 1_000,
  };
}
