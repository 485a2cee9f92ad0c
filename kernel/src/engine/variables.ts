import { type FiredPorts, type Json, type JsonObject, splitStepKey } from '@llmteam/contracts';
import type { Variables } from './expression.js';
import { stepOfScope } from './find-step.js';
import type { Plan } from './plan.js';
import type { Arrival, RunState, ScopeState } from './state.js';
import type { StepPlan } from './step-plan.js';
import type { StepInstance, Turn } from './turn.js';

type Mutable<T> = { -readonly [Name in keyof T]: T[Name] };

/** Inputs by port: the value of the only taken edge, or a list in edge order if there are several. */
export function inputsOf(run: RunState, instance: StepInstance): Record<string, Json> {
  const inputs = byPort(instance.state.arrivals);
  const overrides = inputOverrides(run, instance);
  return overrides === null ? inputs : { ...inputs, ...overrides };
}

/** The port values that replace those of the step from which the run was forked; null for all other steps. */
export function inputOverrides(run: RunState, instance: StepInstance): Readonly<JsonObject> | null {
  const fork = run.request.forked_from;
  return fork?.input_overrides !== undefined && isStepKey(fork.from_step, instance) ? fork.input_overrides : null;
}

function isStepKey(key: string, instance: StepInstance): boolean {
  const { scope, step_id } = splitStepKey(key);
  return scope === instance.scope.path && step_id === instance.step.step_id;
}

function byPort(arrivals: readonly Arrival[]): Record<string, Json> {
  const [only] = arrivals;
  if (only !== undefined && arrivals.length === 1) return { [only.port]: only.value };
  const lists = new Map<string, Json[]>();
  for (const { port, value } of [...arrivals].sort((a, b) => a.edge - b.edge)) {
    const list = lists.get(port);
    if (list === undefined) lists.set(port, [value]);
    else list.push(value);
  }
  return Object.fromEntries([...lists].map(([port, list]) => [port, list.length === 1 ? (list[0] as Json) : list]));
}

/** The variables visible in a scope, without those of a particular step. */
export function scopeVariables(run: RunState, scope: ScopeState): Mutable<Variables> {
  const { key, request } = run;
  const variables: Mutable<Variables> = {
    run: { id: key.run_id, input: request.input, segment_id: request.segment_id, tenant_id: key.tenant_id },
    step: (stepId) => findOutputs(run, scope, stepId),
  };
  if (scope.owner !== null) variables.loop = { index: scope.index, item: scope.item };
  return variables;
}

function findOutputs(run: RunState, scope: ScopeState, stepId: string): FiredPorts | undefined {
  for (let at: ScopeState | undefined = scope; at !== undefined; ) {
    const outputs = at.steps.get(stepId)?.outputs;
    if (outputs) return outputs;
    at = at.owner === null ? undefined : run.scopes.get(at.owner.scope);
  }
  return undefined;
}

/** The variables visible in a step's config. */
export function stepVariables({ run, plan }: Pick<Turn, 'run' | 'plan'>, instance: StepInstance): Variables {
  const variables = scopeVariables(run, seenScope(run, plan, instance));
  const ports = inputsOf(run, instance);
  variables.ports = ports;
  if (Object.hasOwn(ports, 'input')) variables.input = ports.input as Json;
  return variables;
}

/** An inner step sees what its control step sees. */
function seenScope(run: RunState, plan: Plan, { scope, step }: StepInstance): ScopeState {
  let seen = scope;
  for (let isInner = step.isInner; isInner && seen.owner !== null; ) {
    const outer = run.scopes.get(seen.owner.scope);
    if (outer === undefined) break;
    isInner = stepOfScope(run, plan, outer, seen.owner.step_id)?.isInner === true;
    seen = outer;
  }
  return seen;
}

/** The variables its marked expressions read, so that a worker can evaluate them; null if there are no expressions. */
export function capturedVariables(step: StepPlan, variables: Variables): Record<string, Json> | null {
  if (step.config.expressions.size === 0) return null;
  const steps: Record<string, Json> = {};
  const captured: Record<string, Json> = {};
  for (const [root, name] of step.config.expressionReferences) {
    if (root === 'steps' && name !== undefined) {
      const outputs = variables.step(name);
      if (outputs !== undefined) steps[name] = outputs;
      captured.steps = steps;
    } else if (root === 'loop' && variables.loop !== undefined) {
      captured.loop = { ...variables.loop };
    } else if (root === 'run') {
      captured.run = { ...variables.run };
    }
  }
  return captured;
}
