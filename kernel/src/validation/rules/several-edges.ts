import type { DraftEdge, DraftStep } from '../draft.js';
import type { Rule } from '../rule.js';
import { problem, quoted } from '../wording.js';

/** Hints, once per port, that a port with several incoming edges receives a list if more than one of them is taken. */
export const severalEdges: Rule = function* ({ draft, graph }) {
  const into = new Map<DraftStep, Map<string, DraftEdge[]>>();
  for (const edge of draft.edges) {
    const { to_step, to_port } = edge;
    if (to_step === null || to_port === null || to_step.entry?.control?.activation === 'each') continue;
    if (to_port === 'next' && graph?.hasRegion(to_step) === true) continue;
    const ports = into.get(to_step) ?? new Map<string, DraftEdge[]>();
    into.set(to_step, ports.set(to_port, [...(ports.get(to_port) ?? []), edge]));
  }
  for (const [step, ports] of into) {
    for (const [port, [, second]] of ports) {
      if (second === undefined) continue;
      const list = 'if more than one is taken, its value is a list (a parallel_join says so openly)';
      const message = `${step.subject}: several edges lead to its port ${quoted(port)}; ${list}`;
      yield problem('info', 'SEVERAL_EDGES', second.pointer, message);
    }
  }
};
