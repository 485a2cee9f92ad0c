/**
 * Purpose: the state of a run as plain JSON, so that it can be kept, and the run that goes on from it.
 * Owns: what becomes of Maps and Sets. Does not own: where a snapshot is kept, or how large it may be.
 * Invariants:
 *   N1 A thawed run is told apart from the original by nothing: the same entries give the same events, effects and outcome.
 *   N2 Every Map and Set has a place of its own in the shape; nothing in a value decides how it is read.
 *   N3 What another engine made, or what has not exactly this shape, is not thawed.
 */
import type { Json } from '@llmteam/contracts';
import { engineVersion } from './evolve.js';
import type { Plan } from './plan.js';
import {
  type ControlSnapshot,
  hasSnapshotShape,
  type RunSnapshot,
  type ScopeSnapshot,
  type StateSnapshot,
  type StepSnapshot,
} from './snapshot-shape.js';
import type { ControlState, Run, RunState, ScopeState, StepState } from './state.js';

/** The state as it stands. It shares its parts with the run: write it out before the run goes on. */
export function takeSnapshot({ state }: Run): RunSnapshot {
  return {
    engine_version: engineVersion,
    state: {
      ...state,
      scopes: [...state.scopes].map(([path, scope]) => [path, snapshotScope(scope)]),
      timers: [...state.timers],
      children: [...state.children],
      cancelled_children: [...state.cancelled_children],
    },
  };
}

function snapshotScope(scope: ScopeState): ScopeSnapshot {
  return { ...scope, steps: [...scope.steps].map(([stepId, step]) => [stepId, snapshotStep(step)]) };
}

function snapshotStep(step: StepState): StepSnapshot {
  return step.control === null ? { ...step, control: null } : { ...step, control: snapshotControl(step.control) };
}

function snapshotControl({ state, ...control }: ControlState): ControlSnapshot {
  return {
    ...control,
    timers: [...control.timers],
    scopes: [...control.scopes],
    ...(state !== undefined && { state: state as Json }),
  };
}

/** Whether it is one that `thawRun` takes. */
export function isSnapshot(value: unknown): value is RunSnapshot {
  return hasSnapshotShape(value) && value.engine_version === engineVersion;
}

/**
 * The run of a snapshot that was read back, and which it takes over. `plan` is that of the definition its request names.
 * null: the snapshot was made by another engine, or is of a shape that this one does not know.
 */
export function restoreRun(plan: Plan, snapshot: unknown): Run | null {
  return isSnapshot(snapshot) ? { plan, state: restoreState(snapshot.state) } : null;
}

function restoreState(state: StateSnapshot): RunState {
  return {
    ...state,
    scopes: new Map(state.scopes.map(([path, scope]) => [path, restoreScope(scope)])),
    timers: new Map(state.timers),
    children: new Map(state.children),
    cancelled_children: new Set(state.cancelled_children),
  };
}

function restoreScope(scope: ScopeSnapshot): ScopeState {
  return { ...scope, steps: new Map(scope.steps.map(([stepId, step]) => [stepId, restoreStep(step)])) };
}

function restoreStep(step: StepSnapshot): StepState {
  return { ...step, control: step.control === null ? null : restoreControl(step.control) };
}

function restoreControl(control: ControlSnapshot): ControlState {
  return {
    ...control,
    state: control.state,
    timers: new Map(control.timers),
    scopes: new Set(control.scopes),
  };
}
