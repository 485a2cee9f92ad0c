import { Edge, type Json, type JsonObject, Segment, Step } from '@llmteam/contracts';
import type { ErrorObject } from 'ajv/dist/2020.js';
import { listOf } from '../draft.js';
import { makeVerboseAjv } from './ajv.js';
import { SchemaErrors } from './schema-errors.js';

const list = { type: 'array' };
/** The contract's schema without what is in the lists, which is validated item by item. */
const Head = { ...Segment, properties: { ...Segment.properties, steps: list, edges: list } };

/** Compiled once per process, on first use. */
const errors = new SchemaErrors(makeVerboseAjv);

/** Ajv's errors for a segment by the contract's schema: for the segment without its lists, then for each step and each edge. */
export function* segmentErrors(segment: JsonObject): Iterable<readonly ErrorObject[]> {
  yield errorsWithin('', Head, withoutItems(segment));
  for (const [index, step] of listOf(segment.steps).entries()) yield errorsWithin(`/steps/${index}`, Step, step);
  for (const [index, edge] of listOf(segment.edges).entries()) yield errorsWithin(`/edges/${index}`, Edge, edge);
}

function withoutItems(segment: JsonObject): JsonObject {
  const emptied = (['steps', 'edges'] as const).filter((key) => Array.isArray(segment[key]));
  return { ...segment, ...Object.fromEntries(emptied.map((key) => [key, []])) };
}

function errorsWithin(base: string, schema: object, value: Json): readonly ErrorObject[] {
  const found = errors.of(schema, value);
  return found.map((error) => ({ ...error, instancePath: base + error.instancePath }));
}
