import type { Edge, Segment } from '@llmteam/contracts';

const loop_types = new Set(['loop', 'map', 'critic_loop']);

/** The shape of a small segment by definition: everything is looked for by walking every path, nothing is remembered. */
export class PlainGraph {
  private readonly edges: readonly Edge[];
  private readonly loops: readonly string[];

  constructor(private readonly segment: Segment) {
    this.edges = segment.edges ?? [];
    this.loops = segment.steps.filter(({ type }) => loop_types.has(type)).map(({ step_id }) => step_id);
  }

  /** The innermost loop around a step: the one that all others around the step are also around. */
  region_of(step: string): string | null {
    const around = this.loops.filter((loop) => this.body_of(loop).has(step));
    return around.find((loop) => around.every((other) => other === loop || this.body_of(other).has(loop))) ?? null;
  }

  /** What can be reached from a loop's body without passing the loop. */
  private body_of(loop: string): Set<string> {
    const reached = new Set<string>();
    const walk = (step: string): void => {
      if (step === loop || reached.has(step)) return;
      reached.add(step);
      for (const edge of this.edges) if (edge.from === step) walk(edge.to);
    };
    for (const edge of this.edges) if (edge.from === loop && edge.from_port === 'body') walk(edge.to);
    return reached;
  }

  private is_back(edge: Edge): boolean {
    return edge.to_port === 'next' && this.region_of(edge.from) === edge.to;
  }

  private is_body(edge: Edge): boolean {
    return edge.from_port === 'body' && this.loops.includes(edge.from);
  }

  forward_edges_to(step: string): Edge[] {
    return this.edges.filter((edge) => edge.to === step && !this.is_back(edge));
  }

  /** The steps of the same region every way out of which ends at `target`; a loop is one step, whatever its region does. */
  leading_only_to(target: string): string[] {
    const region = this.region_of(target);
    const leads = (step: string): boolean => {
      if (step === target) return true;
      const out = this.edges.filter((edge) => edge.from === step && !this.is_body(edge));
      return out.length > 0 && out.every((edge) => !this.is_back(edge) && leads(edge.to));
    };
    const ids = this.segment.steps.map(({ step_id }) => step_id);
    return ids.filter((step) => step !== target && this.region_of(step) === region && leads(step));
  }

  /** Whether `other` is decided before `step` begins: by a path within its region, or within that of a loop around it. */
  is_before(other: string, step: string): boolean {
    for (let at: string | null = step; at !== null; at = this.region_of(at)) {
      if (this.region_of(other) === this.region_of(at) && other !== at && this.leads_within_region(other, at))
        return true;
    }
    return false;
  }

  private leads_within_region(from: string, to: string): boolean {
    if (from === to) return true;
    const out = this.edges.filter((edge) => edge.from === from && !this.is_body(edge) && !this.is_back(edge));
    return out.some((edge) => this.leads_within_region(edge.to, to));
  }

  reaches(from: string, to: string, passed: ReadonlySet<string> = new Set()): boolean {
    if (passed.has(from)) return false;
    const now = new Set([...passed, from]);
    return this.edges.some((edge) => edge.from === from && (edge.to === to || this.reaches(edge.to, to, now)));
  }

  /** Of graphs without loop types. */
  has_cycle(): boolean {
    return this.segment.steps.some(({ step_id }) => this.reaches(step_id, step_id));
  }
}
