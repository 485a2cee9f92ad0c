import { caps, type Problem } from '@llmteam/contracts';
import { type GraphFault, rootRegion } from '../../engine/graph.js';
import type { Draft, DraftEdge } from '../draft.js';
import { closingEdges, type DraftGraph } from '../draft-graph.js';
import { exitEdge } from '../region-exits.js';
import { pause, type Rule } from '../rule.js';
import { error, problem, quoted } from '../wording.js';

/** Puts the faults of the engine's graph analysis into words: cycles, region violations, unreachable steps. */
export const graph: Rule = function* ({ draft, graph }) {
  if (graph === null) return;
  const reported = new Set<string>();
  for (const [count, fault] of graph.faults.entries()) {
    yield pause;
    const found = toProblem(count < maxCulpritSearches ? withCulprit(fault, graph) : fault, graph, draft);
    const key = `${found.code} ${found.path}`;
    if (!reported.has(key)) yield found;
    reported.add(key);
  }
};

/** Faults beyond this number are not analysed for the edge to blame, since each search may visit the whole graph. */
const maxCulpritSearches = 100;

/** The analysis names an edge that enters a region from outside, although the mistake may be an edge that leaves it. */
function withCulprit(fault: GraphFault, analysis: DraftGraph): ReportedFault {
  if (fault.kind !== 'region_escape') return fault;
  const target = analysis.graphEdges[fault.edge]?.to ?? -1;
  const owner = analysis.graph.region[target] ?? rootRegion;
  const exit =
    owner === rootRegion || analysis.graph.isBack[fault.edge] === 1 ? null : exitEdge(analysis, owner, target);
  return exit === null ? fault : { kind: 'region_exit', edge: exit };
}

type ReportedFault = GraphFault | { readonly kind: 'region_exit'; readonly edge: number };

function toProblem(fault: ReportedFault, graph: DraftGraph, draft: Draft): Problem {
  switch (fault.kind) {
    case 'cycle':
      return cycle(fault.steps, graph, draft);
    case 'self_loop':
      return aboutEdge('SELF_LOOP', fault.edge, graph, 'leads from a step to itself; repeat steps with a loop type');
    case 'region_escape':
      return aboutEdge('REGION_ESCAPE', fault.edge, graph, escapeText(fault.edge, graph, draft));
    case 'region_exit':
      return aboutEdge('REGION_ESCAPE', fault.edge, graph, exitText(fault.edge, graph, draft));
    case 'body_never_returns': {
      const message = "nothing that its port 'body' leads to comes back on its port 'next'";
      return aboutStep('DEAD_END_BRANCH', fault.step, draft, message);
    }
    case 'nesting_too_deep':
      return aboutStep('LIMIT_EXCEEDED', fault.step, draft, `loops are nested deeper than ${caps.loop_nesting}`);
    case 'entrypoint_in_region': {
      const owner = draft.steps[fault.owner]?.subject;
      const message = `the entrypoint ${quoted(draft.entrypoint ?? '')} lies inside the loop of ${owner}`;
      return error('INVALID_ENTRYPOINT', '/entrypoint', message);
    }
    case 'unreachable': {
      const { pointer = '', subject } = draft.steps[fault.step] ?? {};
      const message = `${subject} is never run: no path leads to it from the entrypoint`;
      return problem('warning', 'UNREACHABLE_STEP', pointer, message);
    }
  }
}

function aboutEdge(code: 'SELF_LOOP' | 'REGION_ESCAPE', index: number, graph: DraftGraph, text: string): Problem {
  const { pointer = '/edges', subject = 'an edge' } = graph.edges[index] ?? {};
  return error(code, pointer, `${subject} ${text}`);
}

function aboutStep(code: 'DEAD_END_BRANCH' | 'LIMIT_EXCEEDED', index: number, draft: Draft, text: string): Problem {
  const { pointer = '/steps', subject = 'a step' } = draft.steps[index] ?? {};
  return error(code, pointer, `${subject}: ${text}`);
}

const maxShown = 8;

function cycle(steps: readonly number[], graph: DraftGraph, draft: Draft): Problem {
  const [index] = closingEdges(graph.graph, graph.graphEdges, steps);
  const edge = index === undefined ? undefined : graph.edges[index];
  // Rotated so that the edge the problem points to closes the cycle.
  const start = edge?.to_step === undefined ? 0 : Math.max(0, steps.indexOf(edge.to_step?.index ?? -1));
  const rotated = [...steps.slice(start), ...steps.slice(0, start)];
  const names = rotated.slice(0, maxShown).map((step) => quoted(draft.steps[step]?.step_id ?? ''));
  const more = rotated.length > maxShown ? ['…'] : [];
  const path = [...names, ...more, names[0]].join(' → ');
  return error('CYCLE', edge?.pointer ?? '/edges', `steps wait for each other: ${path}; repeat steps with a loop type`);
}

/** Says how an edge crosses the boundary of a region. */
function escapeText(index: number, graph: DraftGraph, draft: Draft): string {
  const edge = graph.edges[index];
  if (edge === undefined) return 'crosses the border of a loop';
  const inside = scopeOfSource(edge, graph);
  const target = graph.graph.region[edge.to_step?.index ?? -1] ?? rootRegion;
  const owner = draft.steps[target]?.subject;
  if (edge.to_step !== null && edge.to_port === 'next' && graph.hasRegion(edge.to_step)) {
    return `leads to port 'next' of ${edge.to_step.subject} from outside its loop, or from a loop within it`;
  }
  if (edge.to_step?.index === inside) {
    return `leads back to the loop on port ${quoted(edge.to_port ?? '')}; it must lead to its port 'next'`;
  }
  if (owner === undefined)
    return `leaves the loop of ${draft.steps[inside]?.subject} other than through its port 'next'`;
  return `enters the loop of ${owner} other than through its port 'body', from which a path leads to ${edge.to_step?.subject}`;
}

function exitText(index: number, analysis: DraftGraph, draft: Draft): string {
  const owner = analysis.graph.region[analysis.graphEdges[index]?.to ?? -1] ?? rootRegion;
  const loop = `the loop of ${draft.steps[owner]?.subject}`;
  return `leaves ${loop} other than through its port 'next', to a step that is also reached from outside`;
}

function scopeOfSource({ from_step, from_port }: DraftEdge, graph: DraftGraph): number {
  if (from_step === null) return rootRegion;
  const isBody = from_port === 'body' && graph.hasRegion(from_step);
  return isBody ? from_step.index : (graph.graph.region[from_step.index] ?? rootRegion);
}
