import type { DraftEdge } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { error } from '../wording.js';

/** No edge is written twice. Edges between the same ports under different conditions are not the same. */
export const duplicateEdges: Rule = function* ({ draft }) {
  const first = new Map<string, DraftEdge>();
  for (const edge of draft.edges) {
    yield pause;
    const { from, from_port, to, to_port, condition } = edge;
    if (from === null || to === null) continue;
    const key = JSON.stringify([from, from_port, to, to_port, condition]);
    const known = first.get(key);
    if (known === undefined) first.set(key, edge);
    else
      yield error(
        'DUPLICATE_EDGE',
        edge.pointer,
        `${edge.subject} is the same as edge no. ${known.index + 1}; remove it`,
      );
  }
};
