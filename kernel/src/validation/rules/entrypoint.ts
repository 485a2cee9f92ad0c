import type { Rule } from '../rule.js';
import { error, hint, quoted } from '../wording.js';

/** An entrypoint inside a loop is told of by the rule about the graph. */
export const entrypoint: Rule = function* ({ draft, closest }) {
  const { entrypoint: id, byId } = draft;
  if (id === null || byId.size === 0 || byId.has(id)) return;
  const suggestion = closest.find(id, byId.keys());
  const message = `the entrypoint ${quoted(id)} is not a step${hint(suggestion, [...byId.keys()], 'steps are')}`;
  yield error('INVALID_ENTRYPOINT', '/entrypoint', message, suggestion);
};
