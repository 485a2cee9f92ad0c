import type { HumanTask, IndexChange, Page, RunRow } from '@llmteam/contracts';

export function runRow(runId: string, startedAt: number, changes: Partial<RunRow> = {}): RunRow {
  return {
    tenant_id: 'acme',
    run_id: runId,
    segment_id: 'article',
    status: 'running',
    correlation_id: null,
    metadata: {},
    parent_run_id: null,
    started_at: startedAt,
    ended_at: null,
    ...changes,
  };
}

export function humanTask(taskId: string, createdAt: number, changes: Partial<HumanTask> = {}): HumanTask {
  return {
    task_id: taskId,
    run_id: 'run-1',
    tenant_id: 'acme',
    segment_id: 'article',
    step_id: 'approve',
    status: 'open',
    escalation_level: 0,
    claimed_by: null,
    created_at: createdAt,
    request: {
      task_type: 'approval',
      title: 'Publish? 😀',
      description: '',
      assignee: null,
      choices: ['yes', 'no'],
      form: null,
      data: { draft: ['text'] },
      due_at: null,
    },
    answer: null,
    ...changes,
  };
}

export function change(
  position: number,
  rows: { readonly runs?: readonly RunRow[]; readonly tasks?: readonly HumanTask[]; readonly partition?: number },
): IndexChange {
  return { partition: rows.partition ?? 0, position, runs: rows.runs ?? [], tasks: rows.tasks ?? [] };
}

export const ids = (page: Page<RunRow>) => page.rows.map((row) => row.run_id);
export const taskIds = (page: Page<HumanTask>) => page.rows.map((task) => task.task_id);

/** All rows of all pages of a list; `between` is called after each page. */
export async function pagesOf<T>(
  read: (cursor: string | undefined) => Promise<Page<T>>,
  between: () => Promise<void> = async () => undefined,
): Promise<T[]> {
  const rows: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await read(cursor);
    rows.push(...page.rows);
    if (page.cursor === null) return rows;
    cursor = page.cursor;
    await between();
  }
}
