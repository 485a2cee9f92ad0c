import { caps, type Problem } from '@llmteam/contracts';
import { inDocumentOrder } from './document-order.js';
import { asObject, listOf } from './draft.js';
import { outOfBounds } from './json-bounds.js';
import { rules } from './rules.js';
import { studySegment } from './study.js';
import type { ValidationContext } from './validation-context.js';
import { error } from './wording.js';

/** More problems are counted, not listed. */
const mostProblems = 1_000;

/**
 * Everything that is wrong with a segment, at once, in the order of the document; empty: nothing. It may be stored and run if no
 * problem is an error. Never throws on JSON, whatever it holds. A segment beyond a cap on its size is told that alone.
 * @throws LlmteamError `PLUGIN_INVALID` if a step type's own schema does not compile.
 */
export function validateSegment(value: unknown, context: ValidationContext): Problem[] {
  const excess = beyondCaps(value);
  if (excess.length > 0) return excess;
  const segment = asObject(value);
  if (segment === null) return [error('INVALID_TYPE', '', 'the segment must be an object')];
  const study = studySegment(segment, context);
  const problems = rules.flatMap((rule) => [...rule(study)]);
  const ordered = inDocumentOrder(problems, segment);
  if (ordered.length <= mostProblems) return ordered;
  const more = `and ${ordered.length - mostProblems} problems more; the first ${mostProblems} are listed`;
  return [...ordered.slice(0, mostProblems), error('LIMIT_EXCEEDED', '', more)];
}

/** Counted first: 100,000 steps are one problem and are not looked at. */
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
