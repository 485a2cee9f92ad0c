import type { ErrorInfo } from '../errors.js';
import type { EventPayloads } from '../event-catalog.js';
import type { EventType, Severity } from '../events.js';
import type { TaskAnswer, TaskRequest } from '../human-task.js';
import type { Json, JsonObject } from '../json.js';
import type { RunOutcome } from '../run.js';
import type { StepTypeDescription } from './step-type.js';
import type { FiredPorts } from './task-type.js';

/** Something a control type reacts to. */
export type Occurrence =
  /** The step is ready. With `activation: 'each'`, its first edge was taken and follows as `input_arrived`. */
  | { readonly kind: 'started' }
  /** `activation: 'each'` only: an edge into the step was taken. `edge` is its index among the step's incoming edges. */
  | { readonly kind: 'input_arrived'; readonly port: string; readonly value: Json; readonly edge: number }
  /** `activation: 'each'` and `catchesFailures` only: a step whose paths all lead here failed. */
  | { readonly kind: 'branch_failed'; readonly error: ErrorInfo }
  /** `activation: 'each'` only: all incoming edges are decided; no more input arrives. */
  | { readonly kind: 'inputs_closed' }
  /** All steps of a scope this step opened are decided; `value` arrived on `next`, null if nothing did. */
  | { readonly kind: 'scope_completed'; readonly index: number; readonly value: Json }
  /** A step in a scope opened by this step failed and nothing caught the failure; the scope is closed. */
  | { readonly kind: 'scope_failed'; readonly index: number; readonly error: ErrorInfo }
  | { readonly kind: 'timer_fired'; readonly name: string }
  | { readonly kind: 'signal_received'; readonly name: string; readonly payload: Json }
  | { readonly kind: 'task_answered'; readonly answer: TaskAnswer }
  | {
      readonly kind: 'child_ended';
      readonly status: RunOutcome;
      readonly output: Json;
      readonly error: ErrorInfo | null;
    };

/** An instruction to the engine. `complete` and `fail` end the step with its timers, waits, scopes and child runs. */
export type Directive =
  | { readonly do: 'complete'; readonly ports: FiredPorts }
  | { readonly do: 'fail'; readonly error: ErrorInfo }
  /** Runs the region once with `value` on port `body`; `index` and `item` become `loop`. An index is never reused. */
  | { readonly do: 'open_scope'; readonly index: number; readonly value: Json; readonly item: Json }
  /** Cancels the undecided steps of a scope. */
  | { readonly do: 'close_scope'; readonly index: number }
  /** Replaces a timer of the same name. Set exactly one of `after_seconds` and `at` (epoch milliseconds). */
  | { readonly do: 'start_timer'; readonly name: string; readonly after_seconds?: number; readonly at?: number }
  | { readonly do: 'stop_timer'; readonly name: string }
  /** Signals that arrived earlier are delivered at once, oldest first, one per wait. */
  | { readonly do: 'wait_signal'; readonly name: string; readonly correlation: string | null }
  | { readonly do: 'open_task'; readonly task: TaskRequest }
  /** Reassigns an open task and raises its escalation level. */
  | { readonly do: 'escalate_task'; readonly assignee: string; readonly due_at: number | null }
  | { readonly do: 'start_child'; readonly segment_ref: string; readonly input: Json }
  /** Cancels the undecided steps whose paths all lead to this step. */
  | { readonly do: 'cancel_upstream' }
  | EmitDirective;

/** Emits an event of the step; the payload's type follows from `event_type`. */
export type EmitDirective = {
  [T in EventType]: {
    readonly do: 'emit';
    readonly event_type: T;
    readonly payload: EventPayloads[T];
    readonly severity?: Severity;
  };
}[EventType];

/** Everything a control type may read. No clock, no randomness, no I/O. */
export interface ControlView<Config, State> {
  /** The config with `${…}` filled in when the step started; strings marked `x-cel` or `x-template` are read with `evaluate`. */
  readonly config: Config;
  /** The value on port `input`. */
  readonly input: Json;
  /** The state set by the last reaction; undefined at first. The control type owns it and may mutate it. */
  readonly state: State | undefined;
  /** Time of the occurrence; epoch milliseconds. */
  readonly now: number;
  /**
   * Evaluates the expression at a JSON Pointer of the config, e.g. `/cases/0/expression`, with the step's variables, of
   * which `replace` overrides `loop` and `input`.
   * @throws LlmteamError `EXPRESSION_FAILED`, which the engine turns into the step's failure.
   */
  evaluate(pointer: string, replace?: { input?: Json; loop?: { index: number; item: Json } }): Json;
}

export interface Reaction<State> {
  /** The state for the next occurrence; JSON. If absent, the state is unchanged. */
  readonly state?: State;
  readonly directives: readonly Directive[];
}

/**
 * A step type that runs as a pure state machine inside the engine, without jobs.
 * `react` depends only on its arguments and must not throw for any valid config and any input.
 */
// biome-ignore lint/suspicious/noExplicitAny: a list of types with different configs and states needs the open parameters
export interface ControlType<Config = any, State = any> {
  readonly kind: 'control';
  readonly metadata: StepTypeDescription;
  /** `all` (default): started once all incoming edges are decided and one is taken. `each`: notified of every taken edge. */
  readonly activation?: 'all' | 'each';
  /** Whether the step has a region, with output port `body` and input port `next`. */
  readonly hasRegion?: boolean;
  /** Whether a step that completes fires all its ports but `body`. Default: exactly one of them, so that what follows them excludes each other. */
  readonly firesAllPorts?: boolean;
  /** Whether this step gets the failures of steps whose paths all lead to it, instead of failing the run. */
  catchesFailures?(config: JsonObject): boolean;
  /** Ports derived from the config as written, in addition to those of the metadata. Must accept any valid config. */
  ports?(config: JsonObject): { readonly input?: readonly string[]; readonly output?: readonly string[] };
  react(occurrence: Occurrence, view: ControlView<Config, State>): Reaction<State>;
}
