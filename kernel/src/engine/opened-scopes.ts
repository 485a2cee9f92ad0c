/**
 * Purpose: opens the scopes of a control step: iterations of its region, and those of its inner steps.
 * Owns: their paths, and how they begin. Does not own: what follows from the end of one (evolve.ts, scheduling.ts).
 */
import {
  caps,
  type Directive,
  type ErrorInfo,
  errorInfo,
  iterationScope,
  type Json,
  stepKey,
} from '@llmteam/contracts';
import { takeIndex } from './index-ranges.js';
import { deliver, expressionError, holds, limitError, locate, makeReady } from './scheduling.js';
import type { ScopeState } from './state.js';
import type { StepInstance, Turn } from './turn.js';

type DirectiveOf<Do extends Directive['do']> = Extract<Directive, { do: Do }>;

/** The path of the scope that a control step opens under this index. */
export function openedPath({ scope, step, state }: StepInstance, index: number): string {
  return iterationScope(stepKey(scope.path, step.step_id), index, state.attempt);
}

/**
 * Opens one iteration: the region's steps, with the directive's value on the edges that enter the body. Returns what the step fails with
 * if that is not possible.
 */
export function openIteration(
  turn: Turn,
  instance: StepInstance,
  directive: DirectiveOf<'open_scope'>,
): ErrorInfo | null {
  const { index, item, value } = directive;
  const excess = take(instance, index, 'iterations');
  if (excess !== null) return excess;
  const region = turn.plan.regions.get(instance.step.index) ?? [];
  const scope = open(turn, instance, { index, item, undecided: region.length });
  let taken: readonly boolean[];
  try {
    taken = instance.step.body.map((edge) => holds(turn, scope, edge, value));
  } catch (thrown) {
    return expressionError(thrown);
  }
  instance.step.body.forEach((edge, place) => {
    deliver(turn, scope, edge, taken[place] ? value : undefined, instance.state.event);
  });
  if (region.length === 0) turn.todo.push({ what: 'finish_scope', scope });
  return null;
}

/** Makes an inner step ready, in a scope of its own. Returns what the step fails with if it has none such, or had one with the index. */
export function openInner(turn: Turn, instance: StepInstance, directive: DirectiveOf<'run_step'>): ErrorInfo | null {
  const { step_id, index, input } = directive;
  const { step } = instance;
  const inner = step.inner.get(step_id);
  if (inner === undefined) {
    return fault(instance, `its type '${step.type_id}' has no inner step '${step_id}' for this config`);
  }
  const excess = take(instance, index, 'inner steps');
  if (excess !== null) return excess;
  const scope = open(turn, instance, { index, item: null, undecided: 1 });
  const started = locate(scope, inner);
  started.state.arrivals.push({ edge: 0, port: 'input', value: input });
  makeReady(turn, started, instance.state.event);
  return null;
}

interface Opening {
  readonly index: number;
  readonly item: Json;
  readonly undecided: number;
}

function open(turn: Turn, instance: StepInstance, { index, item, undecided }: Opening): ScopeState {
  const scope: ScopeState = {
    path: openedPath(instance, index),
    owner: { scope: instance.scope.path, step_id: instance.step.step_id },
    index,
    item,
    steps: new Map(),
    undecided,
    next: [],
    event: instance.state.event,
  };
  turn.run.scopes.set(scope.path, scope);
  instance.state.control?.scopes.add(scope.path);
  return scope;
}

/** Takes an index for good. Returns what the step fails with if it is beyond the cap, or was taken before. */
function take(instance: StepInstance, index: number, what: string): ErrorInfo | null {
  const { step, state } = instance;
  if (index >= caps.loop_iterations) {
    return limitError(`step '${step.step_id}' wanted more than ${caps.loop_iterations} ${what}`);
  }
  if (state.control === null || takeIndex(state.control.used_indices, index)) return null;
  return fault(instance, `its type '${step.type_id}' runs two ${what} with the index ${index}`);
}

function fault({ step }: StepInstance, message: string): ErrorInfo {
  return errorInfo('PLUGIN_FAILED', `step '${step.step_id}': ${message}`);
}
