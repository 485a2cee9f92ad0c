import type { Edge, Segment } from '@llmteam/contracts';

const loopTypes = new Set(['loop', 'map', 'critic_loop']);

/** Graph analysis of a small segment by definition: walks every path and caches nothing. */
export class PlainGraph {
  private readonly edges: readonly Edge[];
  private readonly loops: readonly string[];

  constructor(private readonly segment: Segment) {
    this.edges = segment.edges ?? [];
    this.loops = segment.steps.filter(({ type }) => loopTypes.has(type)).map(({ step_id }) => step_id);
  }

  /** The innermost loop around a step: the one that all its other loops enclose. */
  regionOf(step: string): string | null {
    const around = this.loops.filter((loop) => this.bodyOf(loop).has(step));
    return around.find((loop) => around.every((other) => other === loop || this.bodyOf(other).has(loop))) ?? null;
  }

  /** The steps reachable from a loop's body without passing through the loop. */
  private bodyOf(loop: string): Set<string> {
    const reached = new Set<string>();
    const walk = (step: string): void => {
      if (step === loop || reached.has(step)) return;
      reached.add(step);
      for (const edge of this.edges) if (edge.from === step) walk(edge.to);
    };
    for (const edge of this.edges) if (edge.from === loop && edge.from_port === 'body') walk(edge.to);
    return reached;
  }

  private isBack(edge: Edge): boolean {
    return edge.to_port === 'next' && this.regionOf(edge.from) === edge.to;
  }

  private isBody(edge: Edge): boolean {
    return edge.from_port === 'body' && this.loops.includes(edge.from);
  }

  forwardEdgesTo(step: string): Edge[] {
    return this.edges.filter((edge) => edge.to === step && !this.isBack(edge));
  }

  /** The steps of the same region from which every path ends at `target`; a loop counts as one step. */
  leadingOnlyTo(target: string): string[] {
    const region = this.regionOf(target);
    const leads = (step: string): boolean => {
      if (step === target) return true;
      const out = this.edges.filter((edge) => edge.from === step && !this.isBody(edge));
      return out.length > 0 && out.every((edge) => !this.isBack(edge) && leads(edge.to));
    };
    const ids = this.segment.steps.map(({ step_id }) => step_id);
    return ids.filter((step) => step !== target && this.regionOf(step) === region && leads(step));
  }

  /** Whether `other` is decided before `step` begins, by a path in its region or in that of an enclosing loop. */
  isBefore(other: string, step: string): boolean {
    for (let at: string | null = step; at !== null; at = this.regionOf(at)) {
      if (this.regionOf(other) === this.regionOf(at) && other !== at && this.leadsWithinRegion(other, at)) return true;
    }
    return false;
  }

  private leadsWithinRegion(from: string, to: string): boolean {
    if (from === to) return true;
    const out = this.edges.filter((edge) => edge.from === from && !this.isBody(edge) && !this.isBack(edge));
    return out.some((edge) => this.leadsWithinRegion(edge.to, to));
  }

  reaches(from: string, to: string, passed: ReadonlySet<string> = new Set()): boolean {
    if (passed.has(from)) return false;
    const now = new Set([...passed, from]);
    return this.edges.some((edge) => edge.from === from && (edge.to === to || this.reaches(edge.to, to, now)));
  }

  /** For graphs without loop types. */
  hasCycle(): boolean {
    return this.segment.steps.some(({ step_id }) => this.reaches(step_id, step_id));
  }
}
