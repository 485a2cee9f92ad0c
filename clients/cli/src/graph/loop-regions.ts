/** An edge by the places of its steps in the segment, with the default ports filled in. */
export interface FlowEdge {
  readonly from: number;
  readonly to: number;
  readonly from_port: string;
  readonly to_port: string;
}

/** What stands for "in no loop". */
export const noLoop = -1;

export interface LoopRegions {
  /** Per step: the innermost loop step whose body it lies in, or {@link noLoop}. Following it outwards always ends. */
  readonly region: readonly number[];
  /** Per edge: leads from a loop's body back to its `next`. */
  readonly isBack: readonly boolean[];
}

/**
 * The region of a loop step: what its `body` leads to without passing the loop step. Where regions overlap, which the
 * validator refuses but a drawing must survive, the smaller one has the step.
 */
export function findLoopRegions(isLoop: readonly boolean[], edges: readonly FlowEdge[]): LoopRegions {
  const outgoing: FlowEdge[][] = isLoop.map(() => []);
  for (const edge of edges) outgoing[edge.from]?.push(edge);
  const members = new Map<number, ReadonlySet<number>>();
  isLoop.forEach((loop, step) => {
    if (loop) members.set(step, bodyOf(step, outgoing));
  });
  const region = innermost(isLoop.length, members);
  breakCircles(region);
  const isBack = edges.map(
    ({ from, to, to_port }) => to_port === 'next' && from !== to && members.get(to)?.has(from) === true,
  );
  return { region, isBack };
}

function bodyOf(loop: number, outgoing: readonly (readonly FlowEdge[])[]): Set<number> {
  const body = new Set<number>();
  const open = (outgoing[loop] ?? []).filter((edge) => edge.from_port === 'body').map((edge) => edge.to);
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (step === loop || body.has(step)) continue;
    body.add(step);
    for (const edge of outgoing[step] ?? []) open.push(edge.to);
  }
  return body;
}

function innermost(stepCount: number, members: ReadonlyMap<number, ReadonlySet<number>>): number[] {
  const region = Array.from({ length: stepCount }, () => noLoop);
  const size = region.map(() => Number.POSITIVE_INFINITY);
  for (const [loop, body] of members) {
    for (const step of body) {
      if (body.size >= (size[step] ?? 0)) continue;
      region[step] = loop;
      size[step] = body.size;
    }
  }
  return region;
}

/** Two loops in each other's body would be nested for ever; the first of them is taken out. */
function breakCircles(region: number[]): void {
  region.forEach((_, step) => {
    const seen = new Set([step]);
    for (let owner = region[step] ?? noLoop; owner !== noLoop; owner = region[owner] ?? noLoop) {
      if (seen.has(owner)) {
        region[owner] = noLoop;
        return;
      }
      seen.add(owner);
    }
  });
}
