import { type RunView, type StepStatus, stepStatuses } from '@llmteam/contracts';

export interface StepCounts {
  readonly completed: number;
  /** Every step occurrence known so far, including those of ended iterations. */
  readonly total: number;
  /** The occurrences that did not complete, by status; those of ended iterations are not listed by a run. */
  readonly others: ReadonlyMap<StepStatus | 'not run', number>;
}

const undecided: ReadonlySet<StepStatus> = new Set(['pending', 'queued', 'running', 'waiting', 'retrying']);

export function countSteps({ steps, steps_completed, steps_total, completed_at }: RunView): StepCounts {
  const others = new Map<StepStatus | 'not run', number>();
  for (const status of stepStatuses) {
    const count = steps.filter((step) => step.status === status).length;
    if (count === 0 || status === 'completed') continue;
    const isOver = completed_at !== null && undecided.has(status);
    const name = isOver ? 'not run' : status;
    others.set(name, (others.get(name) ?? 0) + count);
  }
  const open = steps.filter(({ status }) => undecided.has(status)).length;
  return { completed: steps_completed, total: steps_total + open, others };
}

/** `1 of 10 completed, 4 pending, 5 running` */
export function countsText({ completed, total, others }: StepCounts): string {
  const rest = [...others].map(([status, count]) => `${count} ${status}`);
  return [`${completed} of ${total} completed`, ...rest].join(', ');
}
