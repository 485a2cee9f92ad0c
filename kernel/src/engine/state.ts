/**
 * Purpose: the engine's state of a live run, a pure function of the run's history.
 * Owns: the shapes. Does not own: the rules; only `evolve` changes a state, and it does so in place.
 * Invariants:
 *   E1 `seq` counts the events derived so far.
 *   E2 `in_flight` is the number of steps that are `queued` or `running` as jobs.
 *   E3 `undecided` of a scope is the number of its region's steps without a final status.
 *   E4 A timer that is not in `timers` is ignored when it fires; its id is never used again.
 *   E5 Maps are always iterated in insertion order, so the same history yields the same order.
 */
import {
  type ErrorInfo,
  type FiredPorts,
  type HumanTask,
  type Json,
  type JsonObject,
  noUsage,
  type RunKey,
  type RunOutcome,
  type RunRequested,
  type RunStatus,
  type StepStatus,
  type Usage,
} from '@llmteam/contracts';
import type { IndexRange } from './index-ranges.js';
import type { Plan } from './plan.js';

/** A value delivered by a taken edge; `edge` is the edge's index among the target's edges. */
export interface Arrival {
  readonly edge: number;
  readonly port: string;
  readonly value: Json;
}

export interface ControlState {
  readonly config: JsonObject;
  /** Opaque to the engine; owned by the control type. */
  state: unknown;
  /** Timer ids by the control type's name for them. */
  timers: Map<string, string>;
  /** Paths of the scopes it has open. */
  scopes: Set<string>;
  /** Indices that its scopes have had: an index is part of the keys in a scope, and what was reported under a key is not taken again. */
  used_indices: IndexRange[];
  task: HumanTask | null;
  child: StartedChild | null;
  timers_armed: number;
}

/** A child run as requested. */
export interface StartedChild {
  readonly run_id: string;
  readonly segment_ref: string;
  readonly input: Json;
  /** Epoch milliseconds. */
  readonly at: number;
  /** This run's `seq` at the time. */
  readonly seq: number;
  /** This run's deadline at the time. */
  readonly deadline_at: number | null;
}

export interface StepState {
  status: StepStatus;
  attempt: number;
  /** Who runs the attempt, if its start was journaled. */
  worker: string | null;
  /** Number of undecided incoming edges. */
  pending: number;
  arrivals: Arrival[];
  outputs: FiredPorts | null;
  error: ErrorInfo | null;
  /** Whether an outgoing edge was taken. */
  led_on: boolean;
  /** `seq` of its last event; 0 if there is none. */
  event: number;
  /** Epoch milliseconds when it became ready, or when it started if it is a control step; -1 before that. */
  since: number;
  /** Ready, but held back by a pause or by `max_parallel`. */
  held: boolean;
  /** Id of the armed retry, attempt or queue timer. */
  timer: string | null;
  memos: Record<string, Json> | null;
  control: ControlState | null;
}

export interface ScopeState {
  readonly path: string;
  /** The loop step occurrence that opened it; null for the root scope. */
  readonly owner: { readonly scope: string; readonly step_id: string } | null;
  readonly index: number;
  readonly item: Json;
  readonly steps: Map<string, StepState>;
  undecided: number;
  /** Arrivals on `next`. */
  next: Arrival[];
  /** `seq` of the event that opened it. */
  readonly event: number;
}

export interface TimerState {
  readonly due_at: number;
  readonly kind: 'run' | 'retry' | 'attempt' | 'queue' | 'control';
  /** Step key; empty for the run's timeout. */
  readonly step: string;
  /** The control type's name for it; empty for other kinds. */
  readonly name: string;
}

/** A timer of a paused run that stands still; see `timers.ts`. */
export interface StoppedTimer extends Omit<TimerState, 'due_at'> {
  readonly remaining_ms: number;
}

export interface SignalState {
  readonly name: string;
  readonly correlation: string | null;
  readonly payload: Json;
  /** Length of the payload as JSON text. */
  readonly bytes: number;
}

export interface WaitState {
  readonly name: string;
  readonly correlation: string | null;
  readonly step: string;
}

/** A pause or resume as forwarded to child runs. */
export interface ToldChildren {
  readonly action: 'pause' | 'resume';
  readonly seq: number;
  readonly at: number;
}

export interface RunState {
  readonly key: RunKey;
  readonly request: RunRequested;
  /** Epoch milliseconds; later by the length of every pause that has ended. */
  deadline_at: number | null;
  status: RunStatus;
  seq: number;
  /** Epoch milliseconds of the last entry; never decreases. */
  at: number;
  output: Json;
  error: ErrorInfo | null;
  ended_at: number | null;
  /** Whether `run.ended` is in the journal. */
  is_recorded: boolean;
  usage: Usage;
  steps_completed: number;
  steps_total: number;
  /** Steps that became ready, limited by `caps.step_executions_per_run`. */
  executions: number;
  in_flight: number;
  /** Work of the expressions evaluated so far, limited by `caps.expression_units_per_run`. */
  expression_units: number;
  children_started: number;
  /** Keys of ready task steps that wait for a resume or a free slot, oldest first. */
  readonly held: string[];
  /** Keys of ready control steps held until a resume, oldest first. */
  readonly held_controls: string[];
  readonly scopes: Map<string, ScopeState>;
  readonly timers: Map<string, TimerState>;
  /** By the id they had; empty unless the run is paused. */
  readonly stopped_timers: Map<string, StoppedTimer>;
  readonly signals: SignalState[];
  readonly waits: WaitState[];
  /** Active child runs, by step key. */
  readonly children: Map<string, string>;
  /** The last pause or resume forwarded to child runs. */
  told_children: ToldChildren | null;
  /** Child runs being cancelled that have not ended yet. */
  readonly cancelled_children: Set<string>;
}

/** A run in memory. */
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
    usage: noUsage,
    steps_completed: 0,
    steps_total: 0,
    executions: 0,
    in_flight: 0,
    expression_units: 0,
    children_started: 0,
    held: [],
    held_controls: [],
    scopes: new Map(),
    timers: new Map(),
    stopped_timers: new Map(),
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
    worker: null,
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

/** Whether no job is in flight: the run only waits for timers or outside input and may be evicted. */
export function isIdle(state: RunState): boolean {
  return state.in_flight === 0;
}

export function isDecided(status: StepStatus): boolean {
  return status === 'completed' || status === 'failed' || status === 'skipped' || status === 'cancelled';
}
