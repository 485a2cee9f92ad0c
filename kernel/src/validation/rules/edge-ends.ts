import type { Problem } from '@llmteam/contracts';
import type { DraftEdge } from '../draft.js';
import type { Rule } from '../rule.js';
import type { Study } from '../study.js';
import { error, hint, quoted } from '../wording.js';

/** Both ends of every edge exist. Skipped if the segment has no list of steps. */
export const edgeEnds: Rule = function* (study) {
  if (!Array.isArray(study.draft.value.steps)) return;
  for (const edge of study.draft.edges) {
    if (edge.from !== null && edge.from_step === null) yield nowhere(edge, 'from', edge.from, study);
    if (edge.to !== null && edge.to_step === null) yield nowhere(edge, 'to', edge.to, study);
  }
};

function nowhere(edge: DraftEdge, key: 'from' | 'to', id: string, { draft, closest }: Study): Problem {
  const suggestion = closest.find(id, draft.byId.keys());
  const message = `${edge.subject}: there is no step ${quoted(id)} to lead ${key}${hint(suggestion)}`;
  return error('INVALID_REFERENCE', `${edge.pointer}/${key}`, message, suggestion);
}
