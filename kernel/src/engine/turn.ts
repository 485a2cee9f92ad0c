/**
 * Purpose: what one call of `evolve` works with: the run, the time of the entry, and where events, effects and what is still to do
 * are collected.
 * Owns: numbering and shaping of events. Does not own: any rule of how a segment runs.
 */
import type {
  ErrorInfo,
  EventPayloads,
  EventType,
  Occurrence,
  RunEvent,
  Severity,
  StepStatus,
} from '@llmteam/contracts';
import type { Effect } from './effects.js';
import { lastMoment } from './moment.js';
import type { Plan, StepPlan } from './plan.js';
import { isDecided, type Run, type RunState, type ScopeState, type StepState } from './state.js';

/** A step occurrence: where it is, what it is, how it stands. */
export interface StepInstance {
  readonly scope: ScopeState;
  readonly step: StepPlan;
  readonly state: StepState;
}

/** What is still to be done in this turn, oldest first. No recursion: a chain of 10,000 skipped steps must not grow the stack. */
export type Todo =
  | { readonly what: 'run' | 'skip'; readonly instance: StepInstance; readonly cause: number }
  | { readonly what: 'react'; readonly instance: StepInstance; readonly occurrence: Occurrence }
  | { readonly what: 'finish_scope'; readonly scope: ScopeState };

export class Turn {
  readonly effects: Effect[] = [];
  readonly todo: Todo[] = [];
  readonly run: RunState;
  readonly plan: Plan;
  /** Epoch milliseconds of the entry; never before the one before it. */
  readonly now: number;

  constructor(
    run: Run,
    now: number,
    /** null: events are counted, not made. */
    readonly events: RunEvent[] | null,
  ) {
    this.run = run.state;
    this.plan = run.plan;
    this.now = Math.min(now, lastMoment);
    this.run.at = this.now;
  }

  /** Derives an event of the run. */
  emitRun<T extends EventType>(type: T, payload: EventPayloads[T], more: EventDetails = {}): void {
    this.add(type, null, payload, more);
  }

  /** Derives an event of a step, and remembers it as the step's last. */
  emit<T extends EventType>(type: T, instance: StepInstance, payload: EventPayloads[T], more: EventDetails = {}): void {
    this.add(type, instance, payload, more);
    instance.state.event = this.run.seq;
  }

  private add<T extends EventType>(
    type: T,
    instance: StepInstance | null,
    payload: EventPayloads[T],
    more: EventDetails,
  ): void {
    const seq = ++this.run.seq;
    if (this.events === null) return;
    const { key, request } = this.run;
    const parent = more.cause ?? instance?.state.event ?? 0;
    const event = {
      event_id: `${key.run_id}:${seq}`,
      event_type: type,
      seq,
      timestamp: new Date(this.withinRun(more.timestamp ?? this.now)).toISOString(),
      tenant_id: key.tenant_id,
      instance_id: request.instance_id,
      run_id: key.run_id,
      segment_id: request.segment_id,
      step_id: instance?.step.step_id ?? null,
      step_type: instance?.step.type_id ?? null,
      scope: instance?.scope.path ?? '',
      attempt: instance === null || instance.state.attempt === 0 ? null : instance.state.attempt,
      severity: more.severity ?? 'info',
      correlation_id: request.correlation_id,
      parent_event_id: parent === 0 ? null : `${key.run_id}:${parent}`,
      payload,
      error: more.error ?? null,
      duration_ms: more.duration_ms ?? null,
      trace_id: request.trace_id,
    };
    // TypeScript does not see that one `T` is the type of both `event_type` and `payload`.
    this.events.push(event as RunEvent);
  }

  /** Clocks of workers may be off, and a fork is told of work that is older than itself. */
  private withinRun(timestamp: number): number {
    return Math.max(this.run.request.at, Math.min(timestamp, this.now));
  }
}

interface EventDetails {
  readonly error?: ErrorInfo;
  readonly severity?: Severity;
  readonly duration_ms?: number;
  /** Epoch milliseconds, where it is not the entry's own time; brought within the run's time so far. */
  readonly timestamp?: number;
  /** `seq` of the event that led to this one, where it is not the step's last. */
  readonly cause?: number;
}

/** Gives a step its final status, counts it, and lets go of what only an undecided step needs. */
export function decide(turn: Turn, instance: StepInstance, status: StepStatus): void {
  const { state, scope } = instance;
  state.status = status;
  state.held = false;
  state.arrivals.length = 0;
  state.memos = null;
  state.control = null;
  if (status === 'completed') turn.run.steps_completed++;
  turn.run.steps_total++;
  if (--scope.undecided === 0) turn.todo.push({ what: 'finish_scope', scope });
}

export function isOpen(instance: StepInstance): boolean {
  return !isDecided(instance.state.status);
}
