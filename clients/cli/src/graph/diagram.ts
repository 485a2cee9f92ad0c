import { caps, type Edge, LlmteamError, type Segment, type Step } from '@llmteam/contracts';
import { type FlowEdge, find_loop_regions, no_loop } from './loop-regions.js';

/** Bounds of one picture: beyond them nobody can read it. */
const drawing_caps = {
  steps_per_drawing: 2_000,
  edges_per_drawing: 4_000,
  /** Frames within frames, as deep as a run allows. */
  loop_nesting: caps.loop_nesting,
} as const;

const counted: Readonly<Record<keyof typeof drawing_caps, string>> = {
  steps_per_drawing: 'steps',
  edges_per_drawing: 'edges',
  loop_nesting: 'loops within each other',
};

export interface DiagramStep {
  readonly step_id: string;
  /** What the box says: the name, or the id of a step without one. */
  readonly name: string;
  /** As written, e.g. `acme_ocr@^2.1`. */
  readonly type: string;
  /** Without the version range: `acme_ocr`. */
  readonly type_id: string;
  /** Colour its author gave it. */
  readonly color: string | undefined;
  /** The loop step whose body it lies in, or `no_loop`. */
  readonly region: number;
  /** Whether it is a loop step with a body to draw. */
  readonly has_body: boolean;
}

export interface DiagramEdge extends FlowEdge {
  /** Leads back to `next` of its loop. */
  readonly is_back: boolean;
  /** Carries the ErrorInfo of a failed step. */
  readonly is_error: boolean;
  /** The ports worth naming, e.g. `true`, `done`, `→ left`; empty for `output` to `input`. */
  readonly ports: string;
  readonly condition: string;
}

/** A segment as a graph by numbers: steps and edges are their places in the segment. */
export interface Diagram {
  readonly segment: Segment;
  readonly steps: readonly DiagramStep[];
  readonly edges: readonly DiagramEdge[];
  /** The step that starts, or undefined if the segment names one it has not got. */
  readonly entrypoint: number | undefined;
}

const loop_types: ReadonlySet<string> = new Set(['loop', 'map', 'critic_loop']);

/**
 * Reads a segment for drawing. It may be invalid: cycles, stray edges and unknown types are drawn as they are.
 * Throws `LIMIT_EXCEEDED` beyond {@link drawing_caps}, and `SEGMENT_INVALID` if two steps share an id or an edge names
 * no step.
 */
export function read_diagram(segment: Segment): Diagram {
  const listed = segment.edges ?? [];
  check_cap(segment, 'steps_per_drawing', segment.steps.length);
  check_cap(segment, 'edges_per_drawing', listed.length);
  const places = step_places(segment);
  const edges = listed.map((edge, index) => ({
    from: place_of(places, edge.from, index),
    to: place_of(places, edge.to, index),
    from_port: edge.from_port ?? 'output',
    to_port: edge.to_port ?? 'input',
  }));
  const is_loop = loop_steps(segment.steps, edges);
  const { region, is_back } = find_loop_regions(is_loop, edges);
  check_cap(segment, 'loop_nesting', deepest_nesting(region));
  const owners = new Set(region);
  return {
    segment,
    steps: segment.steps.map((step, index) => diagram_step(step, region[index] ?? no_loop, owners.has(index))),
    edges: edges.map((edge, index) => diagram_edge(edge, listed[index], is_back[index] === true)),
    entrypoint: places.get(segment.entrypoint),
  };
}

/** `llm_agent@^2` → `llm_agent` */
function bare_type(type: string): string {
  const at = type.indexOf('@');
  return at < 0 ? type : type.slice(0, at);
}

function check_cap(segment: Segment, cap: keyof typeof drawing_caps, count: number): void {
  if (count <= drawing_caps[cap]) return;
  throw new LlmteamError(
    'LIMIT_EXCEEDED',
    `segment '${segment.segment_id}' has ${count} ${counted[cap]}; a drawing takes at most ${drawing_caps[cap]} (${cap})`,
    { details: { cap, limit: drawing_caps[cap], count } },
  );
}

/** How many loops lie around the innermost step. */
function deepest_nesting(region: readonly number[]): number {
  const depths = new Map([[no_loop, 0]]);
  for (let step = 0; step < region.length; step++) {
    const way: number[] = [];
    let owner = region[step] ?? no_loop;
    for (; !depths.has(owner); owner = region[owner] ?? no_loop) way.push(owner);
    let depth = depths.get(owner) ?? 0;
    for (const loop of way.reverse()) depths.set(loop, ++depth);
  }
  return Math.max(...depths.values());
}

function step_places(segment: Segment): Map<string, number> {
  const places = new Map<string, number>();
  segment.steps.forEach(({ step_id }, index) => {
    if (places.has(step_id)) {
      throw new LlmteamError('SEGMENT_INVALID', `cannot draw: two steps have the id '${step_id}'`);
    }
    places.set(step_id, index);
  });
  return places;
}

function place_of(places: ReadonlyMap<string, number>, step_id: string, edge: number): number {
  const place = places.get(step_id);
  if (place !== undefined) return place;
  throw new LlmteamError('SEGMENT_INVALID', `cannot draw: /edges/${edge} names '${step_id}', which is not a step`);
}

/** The built-in loop types, and any step wired like one: `body` leads away and something comes back on `next`. */
function loop_steps(steps: readonly Step[], edges: readonly FlowEdge[]): boolean[] {
  const opens = new Set(edges.filter((edge) => edge.from_port === 'body').map((edge) => edge.from));
  const returns = new Set(edges.filter((edge) => edge.to_port === 'next').map((edge) => edge.to));
  return steps.map((step, index) => loop_types.has(bare_type(step.type)) || (opens.has(index) && returns.has(index)));
}

function diagram_step(step: Step, region: number, has_body: boolean): DiagramStep {
  return {
    step_id: step.step_id,
    name: step.name === undefined || step.name.trim() === '' ? step.step_id : step.name,
    type: step.type,
    type_id: bare_type(step.type),
    color: step.ui?.color,
    region,
    has_body,
  };
}

function diagram_edge(flow: FlowEdge, edge: Edge | undefined, is_back: boolean): DiagramEdge {
  const named = [
    flow.from_port === 'output' ? '' : flow.from_port,
    flow.to_port === 'input' ? '' : `→ ${flow.to_port}`,
  ];
  return {
    ...flow,
    is_back,
    is_error: flow.from_port === 'error',
    ports: named.filter((name) => name !== '').join(' '),
    condition: edge?.condition ?? '',
  };
}
