import type { Json, Problem, Segment } from '@llmteam/contracts';
import { validateValue } from './validate-value.js';

/**
 * Validates a run's input against the segment's `input_schema`. All problems are errors; their paths are JSON Pointers into the input.
 * An invalid schema is reported as a single problem. The compiled schema is cached per schema object, so reuse the segment rather
 * than parse it for each run.
 */
export function validateInput(segment: Segment, input: Json): Problem[] {
  if (segment.input_schema === undefined) return [];
  // The contract types schemas more widely than JSON; a schema that is not JSON does not compile.
  return validateValue(segment.input_schema as Readonly<Record<string, Json>>, input, 'input');
}
