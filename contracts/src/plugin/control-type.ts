import type { ErrorInfo } from '../errors.js';
import type { EventPayloads } from '../event-catalog.js';
import type { EventType, Severity } from '../events.js';
import type { TaskAnswer, TaskRequest } from '../human-task.js';
import type { Json, JsonObject } from '../json.js';
import type { RunOutcome } from '../run.js';
import type { RetryPolicy } from '../segment.js';
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
  /** An inner step completed with these ports. */
  | { readonly kind: 'step_completed'; readonly index: number; readonly step_id: string; readonly ports: FiredPorts }
  /** An inner step failed for good, after its last attempt. */
  | { readonly kind: 'step_failed'; readonly index: number; readonly step_id: string; readonly error: ErrorInfo }
  | { readonly kind: 'timer_fired'; readonly name: string }
  | { readonly kind: 'signal_received'; readonly name: string; readonly payload: Json }
  | { readonly kind: 'task_answered'; readonly answer: TaskAnswer }
  | {
      readonly kind: 'child_ended';
      readonly status: RunOutcome;
      readonly output: Json;
      readonly error: ErrorInfo | null;
    };

/** An instruction to the engine. `complete` and `fail` end the step with its inner steps, timers, waits, scopes and child runs. */
export type Directive =
  | { readonly do: 'complete'; readonly ports: FiredPorts }
  | { readonly do: 'fail'; readonly error: ErrorInfo }
  /** Runs the region once with `value` on port `body`; `index` and `item` become `loop`. An index is never reused. */
  | { readonly do: 'open_scope'; readonly index: number; readonly value: Json; readonly item: Json }
  /** Cancels the undecided steps of a scope. */
  | { readonly do: 'close_scope'; readonly index: number }
  /**
   * Runs one of the step's {@link InnerStep}s with `input` on port `input`, as an occurrence of its own in the scope `<step>[<index>]`: with
   * attempts, a time-out, events and a record. Several run at the same time. An index is never reused.
   */
  | { readonly do: 'run_step'; readonly step_id: string; readonly index: number; readonly input: Json }
  /** Cancels an inner step that runs, or waits to; nothing follows. */
  | { readonly do: 'cancel_step'; readonly index: number }
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

/** A step without a place in the graph of the segment, which a control step runs by `run_step`, any number of times. */
export interface InnerStep {
  /** Unique among the inner steps of the step. */
  readonly step_id: string;
  /**
   * A step type as steps name it, such as `http_action`, `human_task` or `search@^2`; not one with a region, nor one that reacts to its inputs
   * one by one. The definition fixes its version as that of a step.
   */
  readonly type: string;
  /** As that of a step. In its `${…}`, `input` is what the directive gives; `steps`, `run` and `loop` are those of the control step. */
  readonly config: JsonObject;
  /** JSON Pointer of the part of the step's config that `type` and `config` were taken from, for messages. Default: the whole. */
  readonly at?: string;
  /** Default: as for a step without a policy of its own. */
  readonly retry?: RetryPolicy;
  /** Of one attempt. Default: none. */
  readonly timeout_seconds?: number;
}

/**
 * A step type that runs as a pure state machine inside the engine. What takes time or reaches outside it leaves to inner steps.
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
  /** The steps that the step may run itself, from the config as written. Must accept any valid config. Not for types with a region. */
  innerSteps?(config: JsonObject): readonly InnerStep[];
  /** Whether this step gets the failures of steps whose paths all lead to it, instead of failing the run. */
  catchesFailures?(config: JsonObject): boolean;
  /** Ports derived from the config as written, in addition to those of the metadata. Must accept any valid config. */
  ports?(config: JsonObject): { readonly input?: readonly string[]; readonly output?: readonly string[] };
  react(occurrence: Occurrence, view: ControlView<Config, State>): Reaction<State>;
}
