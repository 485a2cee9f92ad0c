/**
 * Purpose: compiles a definition for execution: indexed steps, sorted edges, compiled expressions, resolved policies.
 * Owns: the plan, which is immutable and shared by any number of runs. Does not own: validation; `compilePlan` expects a
 * valid segment and throws `SEGMENT_INVALID` at the first thing it cannot make sense of.
 */
import { caps, type Definition, LlmteamError, type Segment, type Step } from '@llmteam/contracts';
import type { CompiledExpression, ExpressionCompiler } from './expression.js';
import { analyseGraph, type Graph, type GraphEdge, rootRegion } from './graph.js';
import { innerPlans, type Planning } from './inner-plans.js';
import { retryPlan } from './retry-policy.js';
import { hasSingleEnd } from './single-end.js';
import {
  defaultRetries,
  type EdgePlan,
  findType,
  journalsStart,
  type StepPlan,
  type StepType,
  type StepTypes,
} from './step-plan.js';
import { exclusiveUpstream } from './upstream.js';

export interface Plan {
  readonly segment: Segment;
  readonly steps: readonly StepPlan[];
  readonly byId: ReadonlyMap<string, StepPlan>;
  readonly entrypoint: StepPlan;
  /** Steps per region, by index of the loop step; `rootRegion` holds the top-level steps. */
  readonly regions: ReadonlyMap<number, readonly StepPlan[]>;
  readonly output: CompiledExpression | null;
  /** Whether at most one of the steps that could be the last can complete in a run. */
  hasSingleEnd(): boolean;
  readonly max_parallel: number;
  readonly fail_fast: boolean;
  /** The steps whose paths all lead to the join. */
  exclusiveUpstream(join: number): ReadonlySet<number>;
  /** The nearest join that catches the step's failure; null if there is none. */
  catchingJoin(step: number): StepPlan | null;
}

export function compilePlan(definition: Definition, types: StepTypes, compiler: ExpressionCompiler): Plan {
  const { segment } = definition;
  const indexById = new Map(segment.steps.map((step, index) => [step.step_id, index]));
  const stepTypes = segment.steps.map((step) => findType(step, definition, types));
  const edges = graphEdges(segment, indexById);
  const graph = analyseGraph({
    stepCount: segment.steps.length,
    entrypoint: indexById.get(segment.entrypoint) ?? fail(`entrypoint '${segment.entrypoint}' is not a step`),
    hasRegion: (step) => stepTypes[step]?.control?.hasRegion === true,
    edges,
  });
  const edgePlans = planEdges(segment, edges, graph, compiler);
  const planning = { definition, types, compiler };
  const steps = segment.steps.map((step, index) =>
    planStep(index, step, stepTypes[index] as StepType, graph, edgePlans, planning),
  );
  const byId = new Map(steps.map((step) => [step.step_id, step]));
  const params = segment.params ?? {};
  const width = params.parallel_execution === false ? 1 : (params.max_parallel ?? caps.parallel_width);
  return {
    segment,
    steps,
    byId,
    entrypoint: byId.get(segment.entrypoint) as StepPlan,
    regions: stepsByRegion(steps),
    output: segment.output === undefined ? null : compiler.expression(segment.output),
    hasSingleEnd: once(() => hasSingleEnd(rootSteps(graph, steps), byId.get(segment.entrypoint) as StepPlan)),
    max_parallel: width,
    fail_fast: params.on_failure !== 'finish_branches',
    ...joins(graph, edges, steps),
  };
}

function rootSteps({ order, region }: Graph, steps: readonly StepPlan[]): readonly StepPlan[] {
  return order.filter((step) => region[step] === rootRegion).map((step) => steps[step] as StepPlan);
}

function once(compute: () => boolean): () => boolean {
  let known: boolean | null = null;
  return () => {
    known ??= compute();
    return known;
  };
}

function fail(message: string): never {
  throw new LlmteamError('SEGMENT_INVALID', message);
}

/** Edges by step index, with default ports filled in. @throws LlmteamError `SEGMENT_INVALID` if an end is not a step */
function graphEdges(segment: Segment, indexById: ReadonlyMap<string, number>): GraphEdge[] {
  return (segment.edges ?? []).map((edge) => ({
    from: indexById.get(edge.from) ?? fail(`edge from '${edge.from}', which is not a step`),
    from_port: edge.from_port ?? 'output',
    to: indexById.get(edge.to) ?? fail(`edge to '${edge.to}', which is not a step`),
    to_port: edge.to_port ?? 'input',
  }));
}

function planEdges(
  segment: Segment,
  edges: readonly GraphEdge[],
  graph: Graph,
  compiler: ExpressionCompiler,
): EdgePlan[] {
  const seen = new Map<string, number>();
  return edges.map((edge, index) => {
    const isBack = graph.isBack[index] === 1;
    const target = `${edge.to}:${isBack}`;
    const order = seen.get(target) ?? 0;
    seen.set(target, order + 1);
    const condition = segment.edges?.[index]?.condition;
    return { ...edge, isBack, order, condition: condition === undefined ? null : compiler.expression(condition) };
  });
}

function planStep(
  index: number,
  step: Step,
  type: StepType,
  graph: Graph,
  edges: readonly EdgePlan[],
  planning: Planning,
): StepPlan {
  const outgoing = (graph.outgoing[index] ?? []).map((edge) => edges[edge] as EdgePlan);
  const fromBody = (edge: EdgePlan): boolean => type.control?.hasRegion === true && edge.from_port === 'body';
  const config = step.config ?? {};
  return {
    index,
    step_id: step.step_id,
    type,
    type_id: type.metadata.type_id,
    writtenType: step.type,
    config: planning.compiler.template(config, type.metadata.config_schema),
    retry: retryPlan(step.retry, defaultRetries(step, type, planning.definition.segment), type.metadata.supports_retry),
    timeout_seconds: step.timeout_seconds ?? null,
    queue_timeout_seconds: step.queue_timeout_seconds ?? null,
    journalStart: journalsStart(step, type),
    region: graph.region[index] ?? rootRegion,
    incoming: (graph.incoming[index] ?? []).map((edge) => edges[edge] as EdgePlan),
    outgoing: outgoing.filter((edge) => !fromBody(edge)),
    body: outgoing.filter(fromBody),
    isEager: type.control?.activation === 'each',
    catchesFailures: type.control?.catchesFailures?.(config) === true,
    extraPorts: step.ports?.output ?? [],
    resultPorts: resultPorts(step, type),
    firesAllPorts: type.control === null || type.control.firesAllPorts === true,
    isInner: false,
    inner: innerPlans(step.step_id, type, config, planning),
  };
}

function resultPorts(step: Step, { metadata, control }: StepType): readonly string[] {
  const byConfig = control?.ports?.(step.config ?? {}).output ?? [];
  const ports = [...metadata.output_ports.map((port) => port.name), ...byConfig, ...(step.ports?.output ?? [])];
  return ports.filter((port) => port !== 'error' && !(port === 'body' && control?.hasRegion === true));
}

function stepsByRegion(steps: readonly StepPlan[]): Map<number, StepPlan[]> {
  const regions = new Map<number, StepPlan[]>([[rootRegion, []]]);
  for (const step of steps) {
    const list = regions.get(step.region) ?? [];
    list.push(step);
    regions.set(step.region, list);
  }
  return regions;
}

/** Computed on first use and cached, as most segments have no such join. */
function joins(
  graph: Graph,
  edges: readonly GraphEdge[],
  steps: readonly StepPlan[],
): Pick<Plan, 'exclusiveUpstream' | 'catchingJoin'> {
  const exclusive = new Map<number, ReadonlySet<number>>();
  const upstreamOf = (join: number): ReadonlySet<number> => {
    const upstream = exclusive.get(join) ?? exclusiveUpstream(graph, edges, join);
    exclusive.set(join, upstream);
    return upstream;
  };
  const catching = steps.filter((step) => step.catchesFailures);
  return {
    exclusiveUpstream: upstreamOf,
    catchingJoin: (step) => {
      const candidates = catching.filter((join) => upstreamOf(join.index).has(step));
      candidates.sort((a, b) => upstreamOf(a.index).size - upstreamOf(b.index).size);
      return candidates[0] ?? null;
    },
  };
}
