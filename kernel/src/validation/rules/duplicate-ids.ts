import { pause, type Rule } from '../rule.js';
import { error, quoted } from '../wording.js';

export const duplicateIds: Rule = function* ({ draft }) {
  for (const step of draft.steps) {
    yield pause;
    const first = draft.byId.get(step.step_id ?? '');
    if (step.step_id === null || first === undefined || first === step) continue;
    const message = `${step.subject}: the id ${quoted(step.step_id)} is taken by step no. ${first.index + 1}`;
    yield error('DUPLICATE_ID', `${step.pointer}/step_id`, message);
  }
};
