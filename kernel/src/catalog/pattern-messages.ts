/** `patternErrorMessage`, an extension of editors: what they say instead of showing a regular expression. */
import type { Json, JsonObject } from '@llmteam/contracts';
import { patternWords } from '../validation/schemas/pattern-words.js';

/** The schema with a message wherever it is known what a pattern asks for. */
export function withPatternMessages(schema: JsonObject): JsonObject {
  const parts = Object.entries(schema).map(([key, value]) => [key, within(value)] as const);
  const words = schema.patternErrorMessage === undefined ? patternWords(schema) : undefined;
  return { ...Object.fromEntries(parts), ...(words !== undefined && { patternErrorMessage: `Must be ${words}.` }) };
}

function within(value: Json): Json {
  if (typeof value !== 'object' || value === null) return value;
  return Array.isArray(value) ? value.map(within) : withPatternMessages(value as JsonObject);
}

const scalars: Readonly<Record<string, string>> = {
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false',
};

/** What an editor says of a text that is neither what the schema asks for nor a `${…}`. */
export function orTemplateMessage(schema: JsonObject): string {
  const words = formOf(schema) ?? scalars[String(schema.type)];
  return words === undefined
    ? 'Must have one of the other forms, or be a `${…}`.'
    : `Must be ${words}, or a \`\${…}\`.`;
}

function formOf(schema: JsonObject): string | undefined {
  const parts = Array.isArray(schema.allOf) ? (schema.allOf as readonly JsonObject[]) : [];
  if (Array.isArray(schema.enum)) return `one of ${schema.enum.map((value) => JSON.stringify(value)).join(', ')}`;
  return [schema, ...parts].map(patternWords).find((words) => words !== undefined);
}
