/**
 * Purpose: the context of one `evolve` call: the run, the entry's time, and the collected events, effects and todos.
 * Owns: numbering and building events. Does not own: any rule of how a segment runs.
 */
import {
  caps,
  type ErrorInfo,
  type EventPayloads,
  type EventType,
  type Occurrence,
  type RunEvent,
  type Severity,
  type StepStatus,
} from '@llmteam/contracts';
import type { Effect } from './effects.js';
import type { WorkBudget } from './expression.js';
import { lastMoment } from './moment.js';
import type { Plan } from './plan.js';
import { isDecided, type Run, type RunState, type ScopeState, type StepState } from './state.js';
import type { StepPlan } from './step-plan.js';

/** One occurrence of a step in a scope. */
export interface StepInstance {
  readonly scope: ScopeState;
  readonly step: StepPlan;
  readonly state: StepState;
}

/** Pending work of this turn. A queue instead of recursion: a chain of 10,000 skipped steps must not grow the stack. */
export type Todo =
  | { readonly what: 'run' | 'skip'; readonly instance: StepInstance; readonly cause: number }
  | { readonly what: 'react'; readonly instance: StepInstance; readonly occurrence: Occurrence }
  | { readonly what: 'finish_scope'; readonly scope: ScopeState };

export class Turn {
  readonly effects: Effect[] = [];
  readonly todo: Todo[] = [];
  readonly run: RunState;
  readonly plan: Plan;
  /** Epoch milliseconds of the entry; never earlier than the previous entry. */
  readonly now: number;
  /** The same, for the events: most have this time. */
  private nowText: string | null = null;
  /** For all expressions evaluated in this turn. */
  readonly work: WorkBudget;

  constructor(
    run: Run,
    now: number,
    /** Null to count events without building them. */
    readonly events: RunEvent[] | null,
    /** The types of events to build; all if it is null. */
    readonly eventTypes: ReadonlySet<EventType> | null = null,
    /** Notified of every step occurrence as it gets its final status, while its inputs are still known. */
    readonly onDecided: ((instance: StepInstance, turn: Turn) => void) | null = null,
  ) {
    this.run = run.state;
    this.plan = run.plan;
    this.now = Math.min(now, lastMoment);
    this.run.at = this.now;
    const { expression_units_per_entry, expression_units_per_run } = caps;
    this.work = { left: Math.min(expression_units_per_entry, expression_units_per_run - run.state.expression_units) };
  }

  /** Emits a run event. */
  emitRun<T extends EventType>(type: T, payload: EventPayloads[T], more: EventDetails = {}): void {
    this.add(type, null, payload, more);
  }

  /** Emits a step event and records it as the step's last. */
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
    if (this.events === null || this.eventTypes?.has(type) === false) return;
    const { key, request } = this.run;
    const parent = more.cause ?? instance?.state.event ?? 0;
    const event = {
      event_id: `${key.run_id}:${seq}`,
      event_type: type,
      seq,
      timestamp: this.textOf(this.withinRun(more.timestamp ?? this.now)),
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

  private textOf(at: number): string {
    if (at !== this.now) return new Date(at).toISOString();
    this.nowText ??= new Date(at).toISOString();
    return this.nowText;
  }

  /** Worker clocks may be off, and a fork gets reports of work older than itself. */
  private withinRun(timestamp: number): number {
    return Math.max(this.run.request.at, Math.min(timestamp, this.now));
  }
}

interface EventDetails {
  readonly error?: ErrorInfo;
  readonly severity?: Severity;
  readonly duration_ms?: number;
  /** Epoch milliseconds, if different from the entry's time; clamped to the run's time so far. */
  readonly timestamp?: number;
  /** `seq` of the event that caused this one, if different from the step's last. */
  readonly cause?: number;
}

/** Gives a step its final status, counts it and clears what only an undecided step needs. */
export function decide(turn: Turn, instance: StepInstance, status: StepStatus): void {
  const { state, scope } = instance;
  state.status = status;
  state.held = false;
  turn.onDecided?.(instance, turn);
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
