import type { DraftStep } from '../draft.js';
import type { Rule } from '../rule.js';
import { problem, quoted } from '../wording.js';

/** Task types that no live worker serves; one warning for each type, at its first step. */
export const workers: Rule = function* ({ draft, context }) {
  const { live_types } = context;
  if (live_types === undefined) return;
  const idle = new Map<string, DraftStep>();
  for (const step of draft.steps) {
    const type_id = step.entry?.control === null ? step.entry.metadata.type_id : null;
    if (type_id !== null && !live_types.has(type_id) && !idle.has(type_id)) idle.set(type_id, step);
  }
  for (const [type_id, step] of idle) {
    const message = `${step.subject}: no live worker serves step type ${quoted(type_id)}; it will wait for one`;
    yield problem('warning', 'NO_WORKER', `${step.pointer}/type`, message);
  }
};
