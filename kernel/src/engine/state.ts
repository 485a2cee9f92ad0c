/**
 * Purpose: everything the engine knows of a live run. A function of the run's history and nothing else.
 * Owns: the shapes; `evolve` changes them in place, so whoever holds a state hands it over with every call.
 * Invariants:
 *   E1 `seq` counts the events derived so far.
 *   E2 `in_flight` is the number of steps that are `queued` or `running` as jobs.
 *   E3 `undecided` of a scope is the number of its region's steps without a final status.
 *   E4 A timer that is not in `timers` means nothing when it fires.
 *   E5 Maps keep insertion order, and every walk over them follows it: the same history gives the same order.
 */
import type {
  ErrorInfo,
  FiredPorts,
  HumanTask,
  Json,
  JsonObject,
  RunKey,
  RunOutcome,
  RunRequested,
  RunStatus,
  StepStatus,
  Usage,
} from '@llmteam/contracts';
import type { Plan } from './plan.js';

/** The value a taken edge brought, with the edge's place among the target's edges. */
export interface Arrival {
  readonly edge: number;
  readonly port: string;
  readonly value: Json;
}

export interface ControlState {
  readonly config: JsonObject;
  /** The control type's own. */
  state: unknown;
  /** Timer ids by the name the control type gave. */
  timers: Map<string, string>;
  /** Paths of the scopes it opened that are still open. */
  scopes: Set<string>;
  task: HumanTask | null;
  child: StartedChild | null;
  timers_armed: number;
}

/** A child run as it was asked for. */
export interface StartedChild {
  readonly run_id: string;
  readonly segment_ref: string;
  readonly input: Json;
  /** Epoch milliseconds. */
  readonly at: number;
  /** `seq` of this run then. */
  readonly seq: number;
}

export interface StepState {
  status: StepStatus;
  attempt: number;
  /** Incoming edges not decided yet. */
  pending: number;
  arrivals: Arrival[];
  outputs: FiredPorts | null;
  error: ErrorInfo | null;
  /** An outgoing edge was taken. */
  led_on: boolean;
  /** `seq` of its last event; 0: none. */
  event: number;
  /** When it became ready, and of a control step when it then began; -1: not yet. */
  since: number;
  /** Ready, and held back by a pause or by the width limit. */
  held: boolean;
  /** The retry, attempt or queue timer in force. */
  timer: string | null;
  memos: Record<string, Json> | null;
  control: ControlState | null;
}

export interface ScopeState {
  readonly path: string;
  /** The loop step's occurrence that opened it; null: the run's own scope. */
  readonly owner: { readonly scope: string; readonly step_id: string } | null;
  readonly index: number;
  readonly item: Json;
  readonly steps: Map<string, StepState>;
  undecided: number;
  /** What came back on `next`. */
  next: Arrival[];
  /** `seq` of the event that opened it. */
  readonly event: number;
}

export interface TimerState {
  readonly due_at: number;
  readonly kind: 'run' | 'retry' | 'attempt' | 'queue' | 'control';
  /** Step key; empty for the run's own. */
  readonly step: string;
  /** What the control type called it. */
  readonly name: string;
}

export interface SignalState {
  readonly name: string;
  readonly correlation: string | null;
  readonly payload: Json;
}

export interface WaitState {
  readonly name: string;
  readonly correlation: string | null;
  readonly step: string;
}

/** A pause or resume as child runs were told of it. */
export interface ToldChildren {
  readonly action: 'pause' | 'resume';
  readonly seq: number;
  readonly at: number;
}

export interface RunState {
  readonly key: RunKey;
  readonly request: RunRequested;
  readonly deadline_at: number | null;
  status: RunStatus;
  seq: number;
  /** When the last entry happened; never goes back. */
  at: number;
  output: Json;
  error: ErrorInfo | null;
  ended_at: number | null;
  /** The outcome stands in the journal. */
  is_recorded: boolean;
  usage: Usage;
  steps_completed: number;
  steps_total: number;
  /** Steps that became ready, for the cap. */
  executions: number;
  in_flight: number;
  children_started: number;
  /** Keys of ready task steps that wait for a resume or for a place in flight, oldest first. */
  readonly held: string[];
  /** Keys of ready control steps that wait for a resume, oldest first. */
  readonly held_controls: string[];
  readonly scopes: Map<string, ScopeState>;
  readonly timers: Map<string, TimerState>;
  readonly signals: SignalState[];
  readonly waits: WaitState[];
  /** Child runs that run, by step key. */
  readonly children: Map<string, string>;
  /** The last pause or resume. */
  told_children: ToldChildren | null;
  /** Child runs that were told to cancel and have not ended yet. */
  readonly cancelled_children: Set<string>;
}

/** A run as the run loop holds it. */
export interface Run {
  readonly state: RunState;
  readonly plan: Plan;
}

export function newRunState(key: RunKey, request: RunRequested): RunState {
  const { timeout_seconds } = request;
  return {
    key,
    request,
    deadline_at: timeout_seconds === null ? null : request.at + Math.ceil(timeout_seconds * 1_000),
    status: 'running',
    seq: 0,
    at: request.at,
    output: null,
    error: null,
    ended_at: null,
    is_recorded: false,
    usage: { input_tokens: 0, output_tokens: 0 },
    steps_completed: 0,
    steps_total: 0,
    executions: 0,
    in_flight: 0,
    children_started: 0,
    held: [],
    held_controls: [],
    scopes: new Map(),
    timers: new Map(),
    signals: [],
    waits: [],
    children: new Map(),
    told_children: null,
    cancelled_children: new Set(),
  };
}

export function newStepState(pending: number): StepState {
  return {
    status: 'pending',
    attempt: 0,
    pending,
    arrivals: [],
    outputs: null,
    error: null,
    led_on: false,
    event: 0,
    since: -1,
    held: false,
    timer: null,
    memos: null,
    control: null,
  };
}

export function isEnded(state: RunState): state is RunState & { status: RunOutcome } {
  return state.ended_at !== null;
}

/** Nothing of the run happens until somebody or a timer outside acts: it may be dropped from memory and read again. */
export function isIdle(state: RunState): boolean {
  return state.in_flight === 0;
}

export function isDecided(status: StepStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'skipped' || status === 'cancelled';
}
