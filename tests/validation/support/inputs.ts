import type { Json, JsonObject, Segment } from '@llmteam/contracts';
import { validateInput, validateSegment } from '@llmteam/kernel';
import { chain } from './segments.js';
import { testContext } from './test-catalog.js';

function withSchema(inputSchema: JsonObject): Segment {
  return { ...chain('a'), input_schema: inputSchema } as unknown as Segment;
}

/** The problems of an input according to a schema. */
export function told(schema: JsonObject, input: Json): string[] {
  return validateInput(withSchema(schema), input).map(({ code, path, message }) => `${code} ${path}: ${message}`);
}

/** The problems of the schema itself. */
export function judged(schema: JsonObject): string[] {
  const problems = validateSegment(withSchema(schema), testContext());
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
