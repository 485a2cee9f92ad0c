import type { ErrorInfo } from '../errors.js';
import type { EventPayloads } from '../event-catalog.js';
import type { EventType, Severity } from '../events.js';
import type { TaskAnswer, TaskRequest } from '../human-task.js';
import type { Json, JsonObject } from '../json.js';
import type { RunOutcome } from '../run.js';
import type { StepTypeMetadata } from './step-type.js';
import type { FiredPorts } from './task-type.js';

/** What a control type is told. */
export type Occurrence =
  /** The step is ready. With `activation: 'each'`: the first edge into it was taken; that edge follows as `input_arrived`. */
  | { readonly kind: 'started' }
  /** `activation: 'each'` only: an edge into the step was taken. `edge` is its place among the step's incoming edges. */
  | { readonly kind: 'input_arrived'; readonly port: string; readonly value: Json; readonly edge: number }
  /** `activation: 'each'` and `catchesFailures` only: a step that leads only here failed. */
  | { readonly kind: 'branch_failed'; readonly error: ErrorInfo }
  /** `activation: 'each'` only: all incoming edges are decided; nothing more arrives. */
  | { readonly kind: 'inputs_closed' }
  /** A scope this step opened ran dry: `value` came back on `next` (null if nothing did). */
  | { readonly kind: 'scope_completed'; readonly index: number; readonly value: Json }
  /** A step in a scope this step opened failed and nothing caught it; the scope is closed. */
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

/** What a control type wants done, in order. `complete` and `fail` end the step: its timers, waits, scopes and children end with it. */
export type Directive =
  | { readonly do: 'complete'; readonly ports: FiredPorts }
  | { readonly do: 'fail'; readonly error: ErrorInfo }
  /** Runs the region once: `value` is on port `body`; expressions see `loop.index` and `loop.item`. Indexes are never reused. */
  | { readonly do: 'open_scope'; readonly index: number; readonly value: Json; readonly item: Json }
  /** Cancels what still runs in a scope. */
  | { readonly do: 'close_scope'; readonly index: number }
  /** A timer of the same name is replaced. Exactly one of the two is given; `at` is epoch milliseconds. */
  | { readonly do: 'start_timer'; readonly name: string; readonly after_seconds?: number; readonly at?: number }
  | { readonly do: 'stop_timer'; readonly name: string }
  /** Signals that came before are delivered at once, oldest first, one for each wait. */
  | { readonly do: 'wait_signal'; readonly name: string; readonly correlation: string | null }
  | { readonly do: 'open_task'; readonly task: TaskRequest }
  /** Hands an open task to the next person and raises its escalation level. */
  | { readonly do: 'escalate_task'; readonly assignee: string; readonly due_at: number | null }
  | { readonly do: 'start_child'; readonly segment_ref: string; readonly input: Json }
  /** Cancels the undecided steps all of whose paths lead to this step. */
  | { readonly do: 'cancel_upstream' }
  | EmitDirective;

/** Derives an event of the step; its type decides what the payload holds. */
export type EmitDirective = {
  [T in EventType]: {
    readonly do: 'emit';
    readonly event_type: T;
    readonly payload: EventPayloads[T];
    readonly severity?: Severity;
  };
}[EventType];

/** What a control type may look at. Nothing else: no clock, no randomness, no I/O. */
export interface ControlView<Config, State> {
  /** The config with `${…}` filled in when the step started; strings marked `x-cel` are as written. */
  readonly config: Config;
  /** The value on port `input`. */
  readonly input: Json;
  /** What the last reaction left; undefined at first. It is this occurrence's own and may be changed in place. */
  readonly state: State | undefined;
  /** When what is told happened; epoch milliseconds. */
  readonly now: number;
  /**
   * Value of the expression at a JSON Pointer of the config, e.g. `/cases/0/expression`. Variables are those of the step;
   * `loop` replaces `loop.index` and `loop.item`, `input` replaces the input.
   * @throws LlmteamError `EXPRESSION_FAILED`, which the engine turns into the step's failure.
   */
  evaluate(pointer: string, replace?: { input?: Json; loop?: { index: number; item: Json } }): Json;
}

export interface Reaction<State> {
  /** Kept until the next occurrence; JSON. Absent: the state stays as it is. */
  readonly state?: State;
  readonly directives: readonly Directive[];
}

/**
 * A step type that is a pure state machine inside the engine and costs no job.
 * `react` is a function of its arguments alone, total over everything a valid config and any input can bring.
 */
// biome-ignore lint/suspicious/noExplicitAny: a list of types with different configs and states needs the open parameters
export interface ControlType<Config = any, State = any> {
  readonly kind: 'control';
  readonly metadata: Omit<StepTypeMetadata, 'version'>;
  /** `all` (default): started once every incoming edge is decided and one is taken. `each`: told of every edge as it is decided. */
  readonly activation?: 'all' | 'each';
  /** The step has a region: output port `body`, input port `next`. */
  readonly hasRegion?: boolean;
  /** Whether failures of steps that lead only to this one come here instead of failing the run. */
  catchesFailures?(config: JsonObject): boolean;
  /** Ports that depend on the config as written, beyond those of the metadata. Must answer for any config that fits the schema. */
  ports?(config: JsonObject): { readonly input?: readonly string[]; readonly output?: readonly string[] };
  react(occurrence: Occurrence, view: ControlView<Config, State>): Reaction<State>;
}
