import { caps, type Problem } from '@llmteam/contracts';
import { inDocumentOrder } from './document-order.js';
import { asObject, listOf } from './draft.js';
import { outOfBounds } from './json-bounds.js';
import { rules } from './rules.js';
import { studySegment } from './study.js';
import type { ValidationContext } from './validation-context.js';
import { error } from './wording.js';

/** Problems beyond this number are counted but not listed. */
const maxProblems = 1_000;

/**
 * Returns all problems of a segment in document order. It may be stored and run if none of them is an error. No JSON value makes this
 * throw. For a segment that exceeds a size cap, that is the only problem reported.
 * @throws LlmteamError `PLUGIN_INVALID` if a step type's own schema does not compile
 */
export function validateSegment(value: unknown, context: ValidationContext): Problem[] {
  const excess = beyondCaps(value);
  if (excess.length > 0) return excess;
  const segment = asObject(value);
  if (segment === null) return [error('INVALID_TYPE', '', 'the segment must be an object')];
  const study = studySegment(segment, context);
  const problems = rules.flatMap((rule) => [...rule(study)]);
  const ordered = inDocumentOrder(problems, segment);
  if (ordered.length <= maxProblems) return ordered;
  const more = `and ${ordered.length - maxProblems} more problems; the first ${maxProblems} are listed`;
  return [...ordered.slice(0, maxProblems), error('LIMIT_EXCEEDED', '', more)];
}

/** Checked first: a segment with 100,000 steps is one problem, and its steps are not examined. */
function beyondCaps(value: unknown): Problem[] {
  const { steps, edges } = asObject(value) ?? {};
  const excess = [
    ...tooMany(listOf(steps).length, caps.steps_per_segment, 'steps'),
    ...tooMany(listOf(edges).length, caps.edges_per_segment, 'edges'),
  ];
  if (excess.length > 0) return excess;
  const fault = outOfBounds(value, 'the segment');
  return fault === null ? [] : [fault];
}

function tooMany(count: number, cap: number, what: 'steps' | 'edges'): Problem[] {
  if (count <= cap) return [];
  return [error('LIMIT_EXCEEDED', `/${what}`, `the segment has ${count} ${what}, at most ${cap} are allowed`)];
}
