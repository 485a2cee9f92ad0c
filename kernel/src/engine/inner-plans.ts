import { caps, type Definition, type InnerStep, LlmteamError } from '@llmteam/contracts';
import type { ExpressionCompiler } from './expression.js';
import { rootRegion } from './graph.js';
import { retryPlan } from './retry-policy.js';
import { defaultRetries, findType, journalsStart, type StepPlan, type StepType, type StepTypes } from './step-plan.js';

/** What a segment gives to plan with. */
export interface Planning {
  readonly definition: Definition;
  readonly types: StepTypes;
  readonly compiler: ExpressionCompiler;
}

const none: ReadonlyMap<string, StepPlan> = new Map();

/** What a control step may run besides the steps of the segment, by id. @throws LlmteamError `SEGMENT_INVALID` */
export function innerPlans(
  owner: string,
  { control }: StepType,
  config: InnerStep['config'],
  planning: Planning,
): ReadonlyMap<string, StepPlan> {
  const steps = control?.innerSteps?.(config) ?? [];
  if (steps.length === 0) return none;
  return new Map(steps.map((step) => [step.step_id, planInner(owner, step, planning)]));
}

/** Why steps of a type can only stand in the graph; null if they can be inner steps. */
export function needsGraph({ control }: Pick<StepType, 'control'>): string | null {
  if (control?.hasRegion === true) return 'has a region';
  return control?.activation === 'each' ? 'reacts to its inputs one by one' : null;
}

function planInner(owner: string, inner: InnerStep, planning: Planning): StepPlan {
  const named = { step_id: `${owner}/${inner.step_id}`, type: inner.type };
  const { definition, types, compiler } = planning;
  const type = findType(named, definition, types);
  const fault = needsGraph(type);
  if (fault !== null) throw invalid(named.step_id, `'${inner.type}' ${fault}, so it cannot be an inner step`);
  if (depthOf(named.step_id) > caps.inner_step_depth) throw invalid(named.step_id, 'inner steps are nested too deeply');
  const { metadata } = type;
  return {
    index: -1,
    step_id: inner.step_id,
    type,
    type_id: metadata.type_id,
    writtenType: inner.type,
    config: compiler.template(inner.config, metadata.config_schema),
    retry: retryPlan(inner.retry, defaultRetries(inner, type, definition.segment), metadata.supports_retry),
    timeout_seconds: inner.timeout_seconds ?? null,
    queue_timeout_seconds: null,
    journalStart: journalsStart({}, type),
    region: rootRegion,
    incoming: [],
    outgoing: [],
    body: [],
    isEager: false,
    catchesFailures: false,
    extraPorts: [],
    resultPorts: [],
    firesAllPorts: true,
    isInner: true,
    inner: innerPlans(named.step_id, type, inner.config, planning),
  };
}

/** How many steps are around the one with this path. */
function depthOf(path: string): number {
  return path.split('/').length - 1;
}

function invalid(path: string, message: string): LlmteamError {
  return new LlmteamError('SEGMENT_INVALID', `step '${path}': ${message}`);
}
