import type { Json } from '@llmteam/contracts';
import type { IndexRange } from './index-ranges.js';
import type {
  Arrival,
  ControlState,
  RunState,
  ScopeState,
  SignalState,
  StartedChild,
  StepState,
  StoppedTimer,
  TimerState,
  ToldChildren,
  WaitState,
} from './state.js';

/** A Map's entries, in insertion order. */
type Pairs<Value> = readonly (readonly [key: string, value: Value])[];

export interface ControlSnapshot extends Omit<ControlState, 'state' | 'timers' | 'scopes' | 'used_indices'> {
  /** Absent if the control type has not set any yet. */
  readonly state?: Json;
  readonly timers: Pairs<string>;
  readonly scopes: readonly string[];
  /** Absent if it has opened no scopes, and from snapshots of earlier releases. */
  readonly used_indices?: IndexRange[];
}

export interface StepSnapshot extends Omit<StepState, 'control' | 'worker'> {
  readonly control: ControlSnapshot | null;
  /** Absent from snapshots of earlier releases. */
  readonly worker?: string | null;
}

export interface ScopeSnapshot extends Omit<ScopeState, 'steps'> {
  readonly steps: Pairs<StepSnapshot>;
}

export interface StateSnapshot
  extends Omit<RunState, 'scopes' | 'timers' | 'stopped_timers' | 'children' | 'cancelled_children'> {
  readonly scopes: Pairs<ScopeSnapshot>;
  readonly timers: Pairs<TimerState>;
  readonly stopped_timers: Pairs<StoppedTimer>;
  readonly children: Pairs<string>;
  readonly cancelled_children: readonly string[];
}

export interface RunSnapshot {
  readonly engine_version: string;
  readonly state: StateSnapshot;
}

type Check = (value: unknown) => boolean;
/** One check per member, so that adding a member to a state without a check fails to compile. */
type Members<Shape> = Readonly<Record<keyof Shape, Check>>;

const text: Check = (value) => typeof value === 'string';
const number: Check = (value) => typeof value === 'number';
const isBoolean: Check = (value) => typeof value === 'boolean';
/** User data and contract types: they come from facts and are trusted as much as those. */
const json: Check = (value) => value !== undefined;
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);
const list =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const pairs = (check: Check): Check =>
  list((pair) => Array.isArray(pair) && pair.length === 2 && text(pair[0]) && check(pair[1]));

/** An object with exactly these members, of which the `optional` ones may be absent. */
function members<Shape>(checks: Members<Shape>, optional: readonly (keyof Shape & string)[] = []): Check {
  const known = Object.entries<Check>(checks);
  const mayBeAbsent = new Set<string>(optional);
  return (value) => {
    if (!object(value)) return false;
    const given = value as Readonly<Record<string, unknown>>;
    let found = 0;
    for (const [name, check] of known) {
      const member = given[name];
      if (member === undefined && mayBeAbsent.has(name)) continue;
      if (!check(member)) return false;
      found++;
    }
    return found === Object.keys(given).length;
  };
}

const arrival = members<Arrival>({ edge: number, port: text, value: json });

const startedChild = members<StartedChild>({
  run_id: text,
  segment_ref: text,
  input: json,
  at: number,
  seq: number,
  deadline_at: orNull(number),
});

const control = members<ControlSnapshot>(
  {
    config: object,
    state: json,
    timers: pairs(text),
    scopes: list(text),
    used_indices: list((range) => Array.isArray(range) && range.length === 2 && range.every(number)),
    task: orNull(object),
    child: orNull(startedChild),
    timers_armed: number,
  },
  ['state', 'used_indices'],
);

const step = members<StepSnapshot>(
  {
    status: text,
    attempt: number,
    worker: orNull(text),
    pending: number,
    arrivals: list(arrival),
    outputs: orNull(object),
    error: orNull(object),
    led_on: isBoolean,
    event: number,
    since: number,
    held: isBoolean,
    timer: orNull(text),
    memos: orNull(object),
    control: orNull(control),
  },
  ['worker'],
);

const scope = members<ScopeSnapshot>({
  path: text,
  owner: orNull(members<NonNullable<ScopeSnapshot['owner']>>({ scope: text, step_id: text })),
  index: number,
  item: json,
  steps: pairs(step),
  undecided: number,
  next: list(arrival),
  event: number,
});

const state = members<StateSnapshot>({
  key: members<StateSnapshot['key']>({ tenant_id: text, run_id: text }),
  request: object,
  deadline_at: orNull(number),
  status: text,
  seq: number,
  at: number,
  output: json,
  error: orNull(object),
  ended_at: orNull(number),
  is_recorded: isBoolean,
  usage: object,
  steps_completed: number,
  steps_total: number,
  executions: number,
  in_flight: number,
  expression_units: number,
  children_started: number,
  held: list(text),
  held_controls: list(text),
  scopes: pairs(scope),
  timers: pairs(members<TimerState>({ due_at: number, kind: text, step: text, name: text })),
  stopped_timers: pairs(members<StoppedTimer>({ remaining_ms: number, kind: text, step: text, name: text })),
  signals: list(members<SignalState>({ name: text, correlation: orNull(text), payload: json, bytes: number })),
  waits: list(members<WaitState>({ name: text, correlation: orNull(text), step: text })),
  children: pairs(text),
  told_children: orNull(members<ToldChildren>({ action: text, seq: number, at: number })),
  cancelled_children: list(text),
});

const run = members<RunSnapshot>({ engine_version: text, state });

/** Whether a value has exactly the shape of a snapshot. */
export function hasSnapshotShape(value: unknown): value is RunSnapshot {
  return run(value);
}
