import { caps, type Problem } from '@llmteam/contracts';
import { in_document_order } from './document-order.js';
import { as_object, list_of } from './draft.js';
import { out_of_bounds } from './json-bounds.js';
import { rules } from './rules.js';
import { study_segment } from './study.js';
import type { ValidationContext } from './validation-context.js';
import { error } from './wording.js';

/** More problems are counted, not listed. */
const most_problems = 1_000;

/**
 * Everything that is wrong with a segment, at once, in the order of the document; empty: nothing. It may be stored and run if no
 * problem is an error. Never throws on JSON, whatever it holds. A segment beyond a cap on its size is told that alone.
 * @throws LlmteamError `PLUGIN_INVALID` if a step type's own schema does not compile.
 */
export function validate_segment(value: unknown, context: ValidationContext): Problem[] {
  const excess = beyond_caps(value);
  if (excess.length > 0) return excess;
  const segment = as_object(value);
  if (segment === null) return [error('INVALID_TYPE', '', 'the segment must be an object')];
  const study = study_segment(segment, context);
  const problems = rules.flatMap((rule) => [...rule(study)]);
  const ordered = in_document_order(problems, segment);
  if (ordered.length <= most_problems) return ordered;
  const more = `and ${ordered.length - most_problems} problems more; the first ${most_problems} are listed`;
  return [...ordered.slice(0, most_problems), error('LIMIT_EXCEEDED', '', more)];
}

/** Counted first: 100,000 steps are one problem and are not looked at. */
function beyond_caps(value: unknown): Problem[] {
  const { steps, edges } = as_object(value) ?? {};
  const excess = [
    ...too_many(list_of(steps).length, caps.steps_per_segment, 'steps'),
    ...too_many(list_of(edges).length, caps.edges_per_segment, 'edges'),
  ];
  if (excess.length > 0) return excess;
  const fault = out_of_bounds(value, 'the segment');
  return fault === null ? [] : [fault];
}

function too_many(count: number, cap: number, what: 'steps' | 'edges'): Problem[] {
  if (count <= cap) return [];
  return [error('LIMIT_EXCEEDED', `/${what}`, `the segment has ${count} ${what}, at most ${cap} are allowed`)];
}
