import type { Json, JsonObject, Segment } from '@llmteam/contracts';
import { validate_input, validate_segment } from '@llmteam/kernel';
import { chain } from './segments.js';
import { test_context } from './test-catalog.js';

function with_schema(input_schema: JsonObject): Segment {
  return { ...chain('a'), input_schema } as unknown as Segment;
}

/** What is wrong with an input, by a schema. */
export function told(schema: JsonObject, input: Json): string[] {
  return validate_input(with_schema(schema), input).map(({ code, path, message }) => `${code} ${path}: ${message}`);
}

/** What the validator says of the schema itself. */
export function judged(schema: JsonObject): string[] {
  const problems = validate_segment(with_schema(schema), test_context());
  return problems.map(({ code, path, message }) => `${code} ${path}: ${message}`);
}

export const order = {
  type: 'object',
  properties: {
    id: { type: 'string', pattern: '^[A-Z]{2}-\\d+$' },
    mail: { type: 'string', format: 'email' },
    total: { type: 'number', minimum: 0 },
    kind: { enum: ['new', 'old'] },
    lines: { type: 'array', items: { $ref: '#/$defs/line' }, uniqueItems: true },
  },
  required: ['id', 'total'],
  additionalProperties: false,
  $defs: { line: { type: 'object', properties: { sku: { type: 'string', pattern: '^\\d+$' } }, required: ['sku'] } },
};
