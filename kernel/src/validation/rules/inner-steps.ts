import type { Problem } from '@llmteam/contracts';
import { needsGraph } from '../../engine/inner-plans.js';
import type { DraftStep } from '../draft.js';
import { pause, type Rule } from '../rule.js';
import { identifierForm, identifierPattern } from '../schemas/pattern-words.js';
import type { SegmentAnalysis } from '../segment-analysis.js';
import { error, quoted } from '../wording.js';
import { checkType } from './step-types.js';

const identifier = new RegExp(String(identifierPattern));

/** What a control step may run has ids of its own, types that need no place in a graph, and configs that match their schemas. */
export const innerSteps: Rule = function* (analysis) {
  const known = new Set<string>();
  for (const { step } of analysis.innerSteps) {
    const { pointer, subject, step_id } = step;
    const id = step_id ?? '';
    const key = subject;
    if (!identifier.test(id))
      yield error('INVALID_ID_FORMAT', pointer, `${subject}: its id is none (${identifierForm})`);
    if (known.has(key)) yield error('DUPLICATE_ID', pointer, `${subject}: another inner step of the step has this id`);
    known.add(key);
    yield* checkStep(step, analysis);
    yield pause;
  }
};

function* checkStep(step: DraftStep, analysis: SegmentAnalysis): Iterable<Problem> {
  const { type, entry, pointer, subject } = step;
  yield* checkType(step, type ?? '', analysis);
  if (entry === null) return;
  const fault = needsGraph(entry);
  if (fault === null) yield* analysis.configProblems(step);
  else
    yield error(
      'SCHEMA_VIOLATION',
      pointer,
      `${subject}: ${quoted(type ?? '')} ${fault}, so it cannot be an inner step`,
    );
}
