import type { DraftEdge, DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { problem, quoted } from '../wording.js';

/** Hints, once per port, that a port with several incoming edges receives a list if more than one of them is taken. */
export const severalEdges: Rule = function* ({ draft, graph }) {
  const edgesInto = new Map<DraftStep, Map<string, number>>();
  for (const edge of draft.edges) {
    yield pause;
    const target = listedPort(edge, graph);
    if (target === null) continue;
    const { step, port } = target;
    const ports = edgesInto.get(step) ?? new Map<string, number>();
    const count = (ports.get(port) ?? 0) + 1;
    edgesInto.set(step, ports.set(port, count));
    if (count !== 2) continue;
    const list = 'if more than one is taken, its value is a list (a parallel_join makes that explicit)';
    const message = `${step.subject}: several edges lead to its port ${quoted(port)}; ${list}`;
    yield problem('info', 'SEVERAL_EDGES', edge.pointer, message);
  }
};

/** The port that the edge leads to, unless its step or its loop takes values one by one. */
function listedPort(
  { to_step, to_port }: DraftEdge,
  graph: SegmentAnalysis['graph'],
): { step: DraftStep; port: string } | null {
  if (to_step === null || to_port === null || to_step.entry?.control?.activation === 'each') return null;
  const isReturn = to_port === 'next' && graph?.hasRegion(to_step) === true;
  return isReturn ? null : { step: to_step, port: to_port };
}
