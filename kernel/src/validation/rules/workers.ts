import type { DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { problem, quoted } from '../wording.js';

/** Warns about task types that no live worker serves, once per type, at its first step. */
export const workers: Rule = function* ({ draft, context }) {
  const { liveTypes } = context;
  if (liveTypes === undefined) return;
  const idle = new Map<string, DraftStep>();
  for (const step of draft.steps) {
    yield pause;
    const typeId = step.entry?.control === null ? step.entry.metadata.type_id : null;
    if (typeId !== null && !liveTypes.has(typeId) && !idle.has(typeId)) idle.set(typeId, step);
  }
  for (const [typeId, step] of idle) {
    const message = `${step.subject}: no live worker serves step type ${quoted(typeId)}; it will wait for one`;
    yield problem('warning', 'NO_WORKER', `${step.pointer}/type`, message);
  }
};
