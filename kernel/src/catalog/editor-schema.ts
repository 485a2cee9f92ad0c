/**
 * Purpose: a JSON Schema of segments for editors, with the config of every step type of a catalog.
 * Owns: what editors need besides the contract's schema: descriptions of types, the config by type, ports to choose from.
 * Invariants: every valid segment matches it. Draft 7, the one that editors support in full; keywords of later drafts are rewritten.
 */
import {
  celKeyword,
  type Json,
  type JsonObject,
  literalKeyword,
  Segment,
  type StepTypeMetadata,
} from '@llmteam/contracts';
import { orTemplateMessage, withPatternMessages } from './pattern-messages.js';

/** The schema for the newest version of each type; steps that name an older version have their config checked all the same. */
export function editorSchema(types: readonly StepTypeMetadata[]): JsonObject {
  const segment = plain(Segment);
  const { properties } = segment as { properties: { steps: JsonObject; edges: JsonObject } };
  const configs = types.map((type) => [configName(type), configSchema(type)] as const);
  return withPatternMessages({
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...segment,
    title: 'LLMTeam segment',
    properties: {
      ...properties,
      steps: { ...properties.steps, items: stepSchema(properties.steps.items as JsonObject, types) },
      edges: { ...properties.edges, items: edgeSchema(properties.edges.items as JsonObject, types) },
    },
    definitions: Object.fromEntries(configs),
  });
}

function stepSchema(step: JsonObject, types: readonly StepTypeMetadata[]): JsonObject {
  const { type, config, ...properties } = step.properties as Readonly<Record<string, JsonObject>>;
  return {
    ...step,
    properties: {
      ...properties,
      type: { ...typeSchema(types), description: type?.description ?? '' },
      config: { ...config, description: 'What the step does; its keys depend on the type.' },
    },
    allOf: types.map((one) => ({
      if: { properties: { type: { pattern: `^${one.type_id}(@|$)` } }, required: ['type'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { config: { $ref: `#/definitions/${configName(one)}` } }, ...requiredConfig(one) },
    })),
  };
}

/** `enumDescriptions` is an extension that editors show next to each value. */
function typeSchema(types: readonly StepTypeMetadata[]): JsonObject {
  const ids = types.map(({ type_id }) => type_id);
  const descriptions = types.map(({ display_name, description }) => `${display_name}: ${description}`);
  const names = { enum: ids, enumDescriptions: descriptions, markdownEnumDescriptions: descriptions };
  const versioned = {
    type: 'string',
    pattern: `^(${ids.join('|')})@.+$`,
    patternErrorMessage: 'Must be an installed step type, optionally with a version, such as llm_agent@1.',
  };
  return { anyOf: [names, versioned] };
}

function requiredConfig({ config_schema }: StepTypeMetadata): JsonObject {
  return Array.isArray(config_schema.required) && config_schema.required.length > 0 ? { required: ['config'] } : {};
}

/** Any port may exist, because steps may declare their own; those of the types are offered. */
function edgeSchema(edge: JsonObject, types: readonly StepTypeMetadata[]): JsonObject {
  const { properties } = edge as { properties: Readonly<Record<string, JsonObject>> };
  const offered = (direction: 'input_ports' | 'output_ports', more: readonly string[]): JsonObject => {
    const names = types.flatMap((type) => type[direction].map(({ name }) => name));
    return { examples: [...new Set([...more, ...names])].filter((name) => name !== '*') };
  };
  return {
    ...edge,
    properties: {
      ...properties,
      from_port: { ...properties.from_port, ...offered('output_ports', ['output', 'error']) },
      to_port: { ...properties.to_port, ...offered('input_ports', ['input']) },
    },
  };
}

function configName({ type_id }: StepTypeMetadata): string {
  return `${type_id}_config`;
}

function configSchema(type: StepTypeMetadata): JsonObject {
  const root = `#/definitions/${configName(type)}`;
  const { $id: _, $schema: __, ...schema } = withTemplates(plain(type.config_schema), root);
  const examples = type.examples.length === 0 ? {} : { defaultSnippets: snippets(type) };
  return { description: type.description, ...schema, ...examples };
}

/** Whole configs to insert, an extension of editors. */
function snippets({ examples, display_name }: StepTypeMetadata): JsonObject[] {
  return examples.map((body, index) => ({
    label: `${display_name}, example ${index + 1}`,
    body: escaped(body) as JsonObject,
  }));
}

/** In a snippet, `$` begins a variable. */
function escaped(value: Json): Json {
  if (typeof value === 'string') return value.replaceAll('$', '\\$');
  if (Array.isArray(value)) return value.map(escaped);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, escaped(member)]));
}

const maps: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);
const lists: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);
const singles: ReadonlySet<string> = new Set([
  'additionalProperties',
  'contains',
  'else',
  'items',
  'propertyNames',
  'then',
]);

/** The schema, changed so that values may be `${…}`, and references stay within it when it is a part of another. */
function withTemplates(schema: JsonObject, root: string): JsonObject {
  const visit = (value: Json): Json => (isObject(value) ? withTemplates(value, root) : value);
  const parts = Object.entries(schema).map(([key, value]) => [key, withinKeyword(key, value, visit, root)] as const);
  return orTemplate(withOpenCondition(Object.fromEntries(parts)));
}

/** A condition on a value that only a run knows asks for nothing. */
function withOpenCondition(schema: JsonObject): JsonObject {
  const { if: asked, then, else: otherwise, ...rest } = schema;
  const keys = isObject(asked) && isObject(asked.properties) ? Object.keys(asked.properties) : [];
  if (asked === undefined || keys.length === 0) return schema;
  const isOpen = { anyOf: keys.map((key) => ({ properties: { [key]: template }, required: [key] })) };
  const condition = {
    if: asked,
    ...(then !== undefined && { then }),
    ...(otherwise !== undefined && { else: otherwise }),
  };
  const others = Array.isArray(rest.allOf) ? (rest.allOf as readonly Json[]) : [];
  return { ...rest, allOf: [...others, { if: isOpen, else: condition }] };
}

/** A condition stays as it is: `${…}` would make it true. */
function withinKeyword(key: string, value: Json, visit: (value: Json) => Json, root: string): Json {
  if (key === '$ref' && typeof value === 'string') return value.startsWith('#') ? root + value.slice(1) : value;
  if (maps.has(key) && isObject(value)) return mapped(value, visit);
  if (lists.has(key) && Array.isArray(value)) return value.map(visit);
  return singles.has(key) ? visit(value) : value;
}

const template = { type: 'string', pattern: '\\$\\{' };
const restrictions = ['type', 'enum', 'const', 'pattern', 'format', 'minLength', 'maxLength'] as const;
const texts = ['description', 'title', 'default', 'examples', 'deprecated'] as const;

/** Adds the template as an alternative where strings are restricted or not allowed at all. */
function orTemplate(schema: JsonObject): JsonObject {
  const isFixed =
    celKeyword in schema || literalKeyword in schema || !('type' in schema || 'enum' in schema || 'const' in schema);
  const isFree = schema.type === 'string' && !restrictions.slice(1).some((keyword) => keyword in schema);
  if (isFixed || isFree || isConfig(schema)) return schema;
  const { type } = schema;
  const isScalar = type === 'number' || type === 'integer' || type === 'boolean';
  if (isScalar && !('enum' in schema) && !('const' in schema)) {
    return {
      ...schema,
      type: [type, 'string'],
      pattern: template.pattern,
      patternErrorMessage: orTemplateMessage(schema),
    };
  }
  const kept = Object.fromEntries(texts.flatMap((key) => (schema[key] === undefined ? [] : [[key, schema[key]]])));
  return { ...kept, anyOf: [schema, { ...template, patternErrorMessage: orTemplateMessage(schema) }] };
}

/** Objects with keys of their own are written out, so that editors complete them. */
function isConfig({ type, properties }: JsonObject): boolean {
  return type === 'object' && properties !== undefined;
}

function mapped(schemas: JsonObject, visit: (value: Json) => Json): JsonObject {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, visit(schema)]));
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Without TypeBox's annotations, and without ids, which would change what references mean. */
function plain(schema: unknown): JsonObject {
  return JSON.parse(JSON.stringify(schema, (key, value: unknown) => (key === '$id' ? undefined : value)));
}
