import { createHash } from 'node:crypto';
import type { ErrorInfo, HumanTask, Json, RunEvent } from '@llmteam/contracts';
import { epochMs, type SimulatedRun } from './simulation.js';

/** A run as recorded in `expected.json`: short enough to review, complete enough to catch every relevant change. */
export interface Description {
  readonly run_id: string;
  readonly status: string;
  readonly output: Json;
  readonly error: string | null;
  readonly ended_at_ms: number | null;
  readonly steps_completed: number;
  readonly steps_total: number;
  readonly usage: Json;
  /** Ids of cancelled jobs; absent if there are none. */
  readonly cancelled_jobs?: readonly string[];
  /** Final status of the human tasks by task id; absent if there are none. */
  readonly tasks?: Readonly<Record<string, string>>;
  /**
   * `<ms> <event_type> <scope>/<step_id>#<attempt> <payload> ! <error> in <duration> ← <seq of the causing event>`; the first
   * has seq 1. The middle of a very long list is replaced by a hash.
   */
  readonly events: readonly string[];
}

const mostEvents = 300;

export function describeRun(simulated: SimulatedRun): Description {
  const { state } = simulated.run;
  return {
    run_id: state.key.run_id,
    status: state.status,
    output: state.output,
    error: state.error === null ? null : describeError(state.error),
    ended_at_ms: state.ended_at === null ? null : state.ended_at - epochMs,
    steps_completed: state.steps_completed,
    steps_total: state.steps_total,
    usage: state.usage,
    ...(simulated.cancelled_jobs.length > 0 && { cancelled_jobs: simulated.cancelled_jobs }),
    ...(simulated.tasks.size > 0 && { tasks: describeTasks(simulated.tasks) }),
    events: shorten(simulated.events.map(describeEvent)),
  };
}

function describeTasks(tasks: ReadonlyMap<string, HumanTask>): Record<string, string> {
  return Object.fromEntries([...tasks].map(([id, task]) => [id, describeTask(task)]));
}

function describeTask({ status, claimed_by, escalation_level, request, answer }: HumanTask): string {
  const claimed = claimed_by === null ? '' : `, claimed by ${claimed_by}`;
  const answered = answer === null ? '' : `, ${answer.decision} by ${answer.answered_by}`;
  return `${status}, level ${escalation_level}, for ${request.assignee ?? 'anybody'}${claimed}${answered}`;
}

function shorten(events: readonly string[]): readonly string[] {
  if (events.length <= mostEvents) return events;
  const middle = events.slice(mostEvents / 2, -mostEvents / 2);
  const hash = createHash('sha256').update(middle.join('\n')).digest('hex').slice(0, 32);
  const between = `… ${middle.length} more, sha256 ${hash}`;
  return [...events.slice(0, mostEvents / 2), between, ...events.slice(-mostEvents / 2)];
}

function describeError(error: ErrorInfo): string {
  return `${error.error_code}: ${error.error_message}`;
}

function describeEvent(event: RunEvent): string {
  const at = Date.parse(event.timestamp) - epochMs;
  const step = event.step_id === null ? '' : ` ${event.scope === '' ? '' : `${event.scope}/`}${event.step_id}`;
  const attempt = event.attempt === null ? '' : `#${event.attempt}`;
  const payload = Object.keys(event.payload).length === 0 ? '' : ` ${JSON.stringify(event.payload)}`;
  const error = event.error === null ? '' : ` ! ${describeError(event.error)}`;
  const duration = event.duration_ms === null ? '' : ` in ${event.duration_ms} ms`;
  const parent = event.parent_event_id === null ? '' : ` ← ${event.parent_event_id.split(':').at(-1)}`;
  return `${at} ${event.event_type}${step}${attempt}${payload}${error}${duration}${parent}`;
}
