/**
 * Purpose: the state of a run as plain JSON, so that it can be kept, and the run that goes on from it.
 * Owns: what becomes of Maps and Sets. Does not own: where a snapshot is kept, or how large it may be.
 * Invariants:
 *   N1 A thawed run is told apart from the original by nothing: the same entries give the same events, effects and outcome.
 *   N2 Every Map and Set has a place of its own in the shape; nothing in a value decides how it is read.
 *   N3 What another engine made, or what has not exactly this shape, is not thawed.
 */
import type { Json } from '@llmteam/contracts';
import { engine_version } from './evolve.js';
import type { Plan } from './plan.js';
import {
  type ControlSnapshot,
  has_snapshot_shape,
  type RunSnapshot,
  type ScopeSnapshot,
  type StateSnapshot,
  type StepSnapshot,
} from './snapshot-shape.js';
import type { ControlState, Run, RunState, ScopeState, StepState } from './state.js';

/** The state as it stands. It shares its parts with the run: write it out before the run goes on. */
export function freeze_run({ state }: Run): RunSnapshot {
  return {
    engine_version,
    state: {
      ...state,
      scopes: [...state.scopes].map(([path, scope]) => [path, freeze_scope(scope)]),
      timers: [...state.timers],
      children: [...state.children],
      cancelled_children: [...state.cancelled_children],
    },
  };
}

function freeze_scope(scope: ScopeState): ScopeSnapshot {
  return { ...scope, steps: [...scope.steps].map(([step_id, step]) => [step_id, freeze_step(step)]) };
}

function freeze_step(step: StepState): StepSnapshot {
  return step.control === null ? { ...step, control: null } : { ...step, control: freeze_control(step.control) };
}

function freeze_control({ state, ...control }: ControlState): ControlSnapshot {
  return {
    ...control,
    timers: [...control.timers],
    scopes: [...control.scopes],
    ...(state !== undefined && { state: state as Json }),
  };
}

/** Whether it is one that `thaw_run` takes. */
export function is_snapshot(value: unknown): value is RunSnapshot {
  return has_snapshot_shape(value) && value.engine_version === engine_version;
}

/**
 * The run of a snapshot that was read back, and which it takes over. `plan` is that of the definition its request names.
 * null: the snapshot was made by another engine, or is of a shape that this one does not know.
 */
export function thaw_run(plan: Plan, snapshot: unknown): Run | null {
  return is_snapshot(snapshot) ? { plan, state: thaw_state(snapshot.state) } : null;
}

function thaw_state(state: StateSnapshot): RunState {
  return {
    ...state,
    scopes: new Map(state.scopes.map(([path, scope]) => [path, thaw_scope(scope)])),
    timers: new Map(state.timers),
    children: new Map(state.children),
    cancelled_children: new Set(state.cancelled_children),
  };
}

function thaw_scope(scope: ScopeSnapshot): ScopeState {
  return { ...scope, steps: new Map(scope.steps.map(([step_id, step]) => [step_id, thaw_step(step)])) };
}

function thaw_step(step: StepSnapshot): StepState {
  return { ...step, control: step.control === null ? null : thaw_control(step.control) };
}

function thaw_control(control: ControlSnapshot): ControlState {
  return {
    ...control,
    state: control.state,
    timers: new Map(control.timers),
    scopes: new Set(control.scopes),
  };
}
