import type { Json, Problem, Segment } from '@llmteam/contracts';
import { validateValue } from './validate-value.js';

/**
 * What is wrong with a run's input, by the segment's `input_schema`; paths are JSON Pointers into the input. All problems are errors.
 * A schema that is itself wrong is one problem: such a segment does not validate. The compiled schema is kept as long as the
 * schema's object, so keep the segment rather than parse it anew for each run.
 */
export function validateInput(segment: Segment, input: Json): Problem[] {
  if (segment.input_schema === undefined) return [];
  // The contract's type of a schema is wider than JSON; what is not JSON in it does not compile.
  return validateValue(segment.input_schema as Readonly<Record<string, Json>>, input, 'input');
}
