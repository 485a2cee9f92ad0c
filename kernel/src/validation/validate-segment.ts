import { caps, type Problem } from '@llmteam/contracts';
import { finish, type Work } from '../slices/slices.js';
import { asObject, listOf } from './draft.js';
import { outOfBounds } from './json-bounds.js';
import { ProblemCollector } from './problem-collector.js';
import { rules } from './rules.js';
import { analyseSegment } from './segment-analysis.js';
import type { ValidationContext } from './validation-context.js';
import { error } from './wording.js';

/**
 * Returns all problems of a segment in document order. It may be stored and run if none of them is an error. No JSON value makes this
 * throw. For a segment that exceeds a size cap, that is the only problem reported.
 * @throws LlmteamError `PLUGIN_INVALID` if a step type's own schema does not compile
 */
export function validateSegment(value: unknown, context: ValidationContext): Problem[] {
  const excess = beyondCaps(value);
  if (excess.length > 0) return excess;
  const fault = outOfBounds(value, 'the segment');
  return fault === null ? finish(validating(value, context)) : [fault];
}

/** The work of {@link validateSegment} for a value that is JSON within the caps, as parsing ensures. */
export function* validating(value: unknown, context: ValidationContext): Work<Problem[]> {
  const excess = beyondCaps(value);
  if (excess.length > 0) return excess;
  const segment = asObject(value);
  if (segment === null) return [error('INVALID_TYPE', '', 'the segment must be an object')];
  const analysis = yield* analyseSegment(segment, context);
  const collector = new ProblemCollector();
  for (const rule of rules) yield* collector.take(rule(analysis));
  return collector.inOrder(segment);
}

/** Checked first: a segment with 100,000 steps is one problem, and its steps are not examined. */
function beyondCaps(value: unknown): Problem[] {
  const { steps, edges } = asObject(value) ?? {};
  return [
    ...tooMany(listOf(steps).length, caps.steps_per_segment, 'steps'),
    ...tooMany(listOf(edges).length, caps.edges_per_segment, 'edges'),
  ];
}

function tooMany(count: number, cap: number, what: 'steps' | 'edges'): Problem[] {
  if (count <= cap) return [];
  return [error('LIMIT_EXCEEDED', `/${what}`, `the segment has ${count} ${what}, at most ${cap} are allowed`)];
}
