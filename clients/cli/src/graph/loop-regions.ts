/** An edge by the indices of its steps in the segment, with default ports filled in. */
export interface FlowEdge {
  readonly from: number;
  readonly to: number;
  readonly from_port: string;
  readonly to_port: string;
}

/** Marks a step outside of all loops. */
export const noLoop = -1;

export interface LoopRegions {
  /** Per step: the loop step whose body most closely encloses it, or {@link noLoop}. Free of cycles. */
  readonly region: readonly number[];
  /** Per edge: whether it leads from a loop's body back to its `next`. */
  readonly isBack: readonly boolean[];
}

/**
 * The region of a loop step is everything reachable from its `body` without passing the loop step. Where regions overlap, which
 * the validator rejects but a drawing must survive, the step belongs to the smaller one.
 */
export function findLoopRegions(isLoop: readonly boolean[], edges: readonly FlowEdge[]): LoopRegions {
  const outgoing: FlowEdge[][] = isLoop.map(() => []);
  for (const edge of edges) outgoing[edge.from]?.push(edge);
  const members = new Map<number, ReadonlySet<number>>();
  isLoop.forEach((loop, step) => {
    if (loop) members.set(step, bodyOf(step, outgoing));
  });
  const region = innermost(isLoop.length, members);
  breakCycles(region);
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

/** Two loops in each other's body would nest infinitely; the cycle is broken at the first of them. */
function breakCycles(region: number[]): void {
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
