import type { Rule } from '../rule.js';
import { error, hint, quoted } from '../wording.js';

/** The entrypoint exists. One inside a loop is reported by the graph rule. */
export const entrypoint: Rule = function* ({ draft, closest }) {
  const { entrypoint: id, byId } = draft;
  if (id === null || byId.size === 0 || byId.has(id)) return;
  const suggestion = closest.find(id, byId.keys());
  const message = `the entrypoint ${quoted(id)} is not a step${hint(suggestion, [...byId.keys()], 'steps are')}`;
  yield error('INVALID_ENTRYPOINT', '/entrypoint', message, suggestion);
};
