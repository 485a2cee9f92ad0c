import type { Problem } from '@llmteam/contracts';
import type { DraftEdge } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { error, hint, quoted } from '../wording.js';

/** Both ends of every edge exist. Skipped if the segment has no list of steps. */
export const edgeEnds: Rule = function* (analysis) {
  if (!Array.isArray(analysis.draft.value.steps)) return;
  for (const edge of analysis.draft.edges) {
    yield pause;
    if (edge.from !== null && edge.from_step === null) yield nowhere(edge, 'from', edge.from, analysis);
    if (edge.to !== null && edge.to_step === null) yield nowhere(edge, 'to', edge.to, analysis);
  }
};

function nowhere(edge: DraftEdge, key: 'from' | 'to', id: string, { draft, closest }: SegmentAnalysis): Problem {
  const suggestion = closest.find(id, draft.byId.keys());
  const message = `${edge.subject}: there is no step ${quoted(id)}${hint(suggestion)}`;
  return error('INVALID_REFERENCE', `${edge.pointer}/${key}`, message, suggestion);
}
