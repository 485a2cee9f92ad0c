import type { Rule } from '../rule.js';
import { error, hint, quoted } from '../wording.js';

/** An entrypoint inside a loop is told of by the rule about the graph. */
export const entrypoint: Rule = function* ({ draft, closest }) {
  const { entrypoint: id, by_id } = draft;
  if (id === null || by_id.size === 0 || by_id.has(id)) return;
  const suggestion = closest.find(id, by_id.keys());
  const message = `the entrypoint ${quoted(id)} is not a step${hint(suggestion, [...by_id.keys()], 'steps are')}`;
  yield error('INVALID_ENTRYPOINT', '/entrypoint', message, suggestion);
};
