import { caps, type Edge, LlmteamError, type Segment, type Step } from '@llmteam/contracts';
import { type FlowEdge, findLoopRegions, noLoop } from './loop-regions.js';

/** Limits of one picture; larger ones are unreadable. */
const drawingCaps = {
  steps_per_drawing: 2_000,
  edges_per_drawing: 4_000,
  /** Nesting depth of loops, the same limit as for runs. */
  loop_nesting: caps.loop_nesting,
} as const;

const counted: Readonly<Record<keyof typeof drawingCaps, string>> = {
  steps_per_drawing: 'steps',
  edges_per_drawing: 'edges',
  loop_nesting: 'loops within each other',
};

export interface DiagramStep {
  readonly step_id: string;
  /** Caption of the box: the step's name, or its id if it has none. */
  readonly name: string;
  /** As written, e.g. `acme_ocr@^2.1`. */
  readonly type: string;
  /** Without the version range: `acme_ocr`. */
  readonly type_id: string;
  /** Colour chosen by the author. */
  readonly color: string | undefined;
  /** The innermost loop step whose body contains it, or `noLoop`. */
  readonly region: number;
  /** Whether it is a loop step with a body to draw. */
  readonly hasBody: boolean;
}

export interface DiagramEdge extends FlowEdge {
  /** Leads back to `next` of its loop. */
  readonly isBack: boolean;
  /** Carries the ErrorInfo of a failed step. */
  readonly isError: boolean;
  /** The non-default ports, e.g. `true`, `done`, `→ left`; empty for `output` to `input`. */
  readonly ports: string;
  readonly condition: string;
}

/** A segment as a graph of indices: steps and edges are referred to by their index in the segment. */
export interface Diagram {
  readonly segment: Segment;
  readonly steps: readonly DiagramStep[];
  readonly edges: readonly DiagramEdge[];
  /** Index of the entrypoint, undefined if the segment names an unknown step. */
  readonly entrypoint: number | undefined;
}

const loopTypes: ReadonlySet<string> = new Set(['loop', 'map', 'critic_loop']);

/**
 * Reads a segment for drawing. The segment may be invalid: cycles, stray edges and unknown types are drawn as they are.
 * Throws `LIMIT_EXCEEDED` beyond {@link drawingCaps}, and `SEGMENT_INVALID` if two steps share an id or an edge references
 * an unknown step.
 */
export function readDiagram(segment: Segment): Diagram {
  const listed = segment.edges ?? [];
  checkCap(segment, 'steps_per_drawing', segment.steps.length);
  checkCap(segment, 'edges_per_drawing', listed.length);
  const places = stepPlaces(segment);
  const edges = listed.map((edge, index) => ({
    from: placeOf(places, edge.from, index),
    to: placeOf(places, edge.to, index),
    from_port: edge.from_port ?? 'output',
    to_port: edge.to_port ?? 'input',
  }));
  const isLoop = loopSteps(segment.steps, edges);
  const { region, isBack } = findLoopRegions(isLoop, edges);
  checkCap(segment, 'loop_nesting', deepestNesting(region));
  const owners = new Set(region);
  return {
    segment,
    steps: segment.steps.map((step, index) => diagramStep(step, region[index] ?? noLoop, owners.has(index))),
    edges: edges.map((edge, index) => diagramEdge(edge, listed[index], isBack[index] === true)),
    entrypoint: places.get(segment.entrypoint),
  };
}

/** `llm_agent@^2` → `llm_agent` */
function bareType(type: string): string {
  const at = type.indexOf('@');
  return at < 0 ? type : type.slice(0, at);
}

function checkCap(segment: Segment, cap: keyof typeof drawingCaps, count: number): void {
  if (count <= drawingCaps[cap]) return;
  throw new LlmteamError(
    'LIMIT_EXCEEDED',
    `segment '${segment.segment_id}' has ${count} ${counted[cap]}; a drawing takes at most ${drawingCaps[cap]} (${cap})`,
    { details: { cap, limit: drawingCaps[cap], count } },
  );
}

/** Maximum nesting depth of loops. */
function deepestNesting(region: readonly number[]): number {
  const depths = new Map([[noLoop, 0]]);
  for (let step = 0; step < region.length; step++) {
    const way: number[] = [];
    let owner = region[step] ?? noLoop;
    for (; !depths.has(owner); owner = region[owner] ?? noLoop) way.push(owner);
    let depth = depths.get(owner) ?? 0;
    for (const loop of way.reverse()) depths.set(loop, ++depth);
  }
  return Math.max(...depths.values());
}

function stepPlaces(segment: Segment): Map<string, number> {
  const places = new Map<string, number>();
  segment.steps.forEach(({ step_id }, index) => {
    if (places.has(step_id)) {
      throw new LlmteamError('SEGMENT_INVALID', `cannot draw: two steps have the id '${step_id}'`);
    }
    places.set(step_id, index);
  });
  return places;
}

function placeOf(places: ReadonlyMap<string, number>, stepId: string, edge: number): number {
  const place = places.get(stepId);
  if (place !== undefined) return place;
  throw new LlmteamError('SEGMENT_INVALID', `cannot draw: /edges/${edge} names '${stepId}', which is not a step`);
}

/** Loops are the built-in loop types and any step wired like one, with an edge from `body` and one back to `next`. */
function loopSteps(steps: readonly Step[], edges: readonly FlowEdge[]): boolean[] {
  const opens = new Set(edges.filter((edge) => edge.from_port === 'body').map((edge) => edge.from));
  const returns = new Set(edges.filter((edge) => edge.to_port === 'next').map((edge) => edge.to));
  return steps.map((step, index) => loopTypes.has(bareType(step.type)) || (opens.has(index) && returns.has(index)));
}

function diagramStep(step: Step, region: number, hasBody: boolean): DiagramStep {
  return {
    step_id: step.step_id,
    name: step.name === undefined || step.name.trim() === '' ? step.step_id : step.name,
    type: step.type,
    type_id: bareType(step.type),
    color: step.ui?.color,
    region,
    hasBody,
  };
}

function diagramEdge(flow: FlowEdge, edge: Edge | undefined, isBack: boolean): DiagramEdge {
  const named = [
    flow.from_port === 'output' ? '' : flow.from_port,
    flow.to_port === 'input' ? '' : `→ ${flow.to_port}`,
  ];
  return {
    ...flow,
    isBack,
    isError: flow.from_port === 'error',
    ports: named.filter((name) => name !== '').join(' '),
    condition: edge?.condition ?? '',
  };
}
