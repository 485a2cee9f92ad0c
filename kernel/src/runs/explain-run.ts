/**
 * Purpose: why a run is where it is, in data and in words.
 * Owns: the reasons and their order. Does not own: what is going on (the history), and who is there to do it (`Surroundings`).
 */
import {
  type RunEvent,
  type RunExplanation,
  type RunView,
  reasonNames,
  type StepSummary,
  stepKey,
  type WaitingFor,
} from '@llmteam/contracts';
import type { LastEvents } from './last-events.js';
import { type Cause, summaryOf, told } from './reason-texts.js';

/** Who is there to work on a run. */
export interface Surroundings {
  /** Whether a process drives the run. */
  readonly isDriven: boolean;
  /** The live workers that run a queue's jobs, and how many attempts they run at a time. */
  workersOf(queue: string): { readonly workers: number; readonly slots: number };
  isAlive(workerId: string): boolean;
}

const mostReasons = 100;

export function explainRun(view: RunView, last: LastEvents, surroundings: Surroundings): RunExplanation {
  const { run_id, status } = view;
  const causes = view.completed_at === null ? causesOf(view, last, surroundings) : [];
  const reasons = causes
    .sort((a, b) => reasonNames.indexOf(a.reason) - reasonNames.indexOf(b.reason))
    .slice(0, mostReasons)
    .map((cause) => told(cause));
  return {
    run_id,
    status,
    summary: summaryOf(view, reasons, causes.length),
    reasons,
    more_reasons: causes.length - reasons.length,
  };
}

function causesOf(view: RunView, last: LastEvents, surroundings: Surroundings): Cause[] {
  const causes: Cause[] = [];
  if (!surroundings.isDriven) causes.push({ reason: 'not_driven', step: null, since: null });
  if (view.status === 'paused') causes.push(pauseOf(last));
  for (const summary of view.steps) {
    const cause = causeOf(summary, last, surroundings);
    if (cause !== null) causes.push(cause);
  }
  return causes;
}

function pauseOf({ pause }: LastEvents): Cause {
  const { by = null, reason = null } = pause?.payload ?? {};
  return { reason: 'paused', step: null, since: pause?.timestamp ?? null, by, because: reason };
}

function causeOf(summary: StepSummary, last: LastEvents, surroundings: Surroundings): Cause | null {
  const step = stepKey(summary.scope, summary.step_id);
  const since = last.steps.get(step)?.timestamp ?? null;
  const { waiting_for } = summary;
  if (waiting_for !== undefined) return waitOf({ step, since }, waiting_for, { last, surroundings });
  return summary.status === 'running' ? attemptOf({ step, since }, summary, { last, surroundings }) : null;
}

interface At {
  readonly step: string;
  readonly since: string | null;
}

interface Known {
  readonly last: LastEvents;
  readonly surroundings: Surroundings;
}

/** Null for a control step, which waits for steps of its own. */
function attemptOf(at: At, { attempt }: StepSummary, { last, surroundings }: Known): Cause | null {
  const worker = workerIn(last.steps.get(at.step));
  if (worker === null || attempt === 0) return null;
  return { reason: surroundings.isAlive(worker) ? 'running' : 'worker_lost', ...at, worker, attempt };
}

function workerIn(event: RunEvent | undefined): string | null {
  return event?.event_type === 'step.started' ? (event.payload.worker ?? null) : null;
}

function waitOf(at: At, waiting: WaitingFor, { last, surroundings }: Known): Cause | null {
  switch (waiting.kind) {
    case 'worker': {
      const { workers, slots } = surroundings.workersOf(waiting.queue);
      if (workers === 0) return { reason: 'no_worker', ...at, queue: waiting.queue };
      return { reason: 'worker', ...at, queue: waiting.queue, workers, slots };
    }
    case 'slot':
      return { reason: 'slot', ...at };
    case 'retry': {
      const retry = last.retries.get(at.step);
      const nextAttempt = retry?.payload.next_attempt ?? 2;
      return {
        reason: 'retry',
        ...at,
        due_at: waiting.due_at,
        next_attempt: nextAttempt,
        last_error: retry?.error ?? null,
      };
    }
    // The pause of the run says it.
    case 'resume':
      return null;
    case 'timer':
      return { reason: 'timer', ...at, name: waiting.name, due_at: waiting.due_at };
    case 'signal':
      return { reason: 'signal', ...at, name: waiting.name, correlation: waiting.correlation };
    case 'task': {
      const { task_id } = waiting;
      return { reason: 'task', ...at, task_id, assignee: last.assignees.get(task_id) ?? null };
    }
    case 'child_run':
      return { reason: 'child_run', ...at, run_id: waiting.run_id };
  }
}
