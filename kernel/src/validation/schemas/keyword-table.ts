/** The keywords of JSON Schema 2020-12 that segments may use, and which of them contain schemas. */

/** Keywords whose value maps names to schemas. */
export const schemaMaps: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/** Keywords whose value is a list of schemas. */
export const schemaLists: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);

/** Keywords whose value is a schema. */
export const singleSchemas: ReadonlySet<string> = new Set([
  'additionalProperties',
  'contains',
  'contentSchema',
  'else',
  'if',
  'items',
  'not',
  'propertyNames',
  'then',
  'unevaluatedItems',
  'unevaluatedProperties',
]);

/** Keywords that could load, name or replace schemas from elsewhere. */
export const refusedKeywords: ReadonlySet<string> = new Set([
  '$async',
  '$dynamicAnchor',
  '$dynamicRef',
  '$id',
  '$recursiveAnchor',
  '$recursiveRef',
  '$vocabulary',
  'id',
]);

const plainKeywords = [
  ...['$anchor', '$comment', '$ref', '$schema'],
  ...['const', 'enum', 'format', 'pattern', 'type'],
  ...['exclusiveMaximum', 'exclusiveMinimum', 'maximum', 'minimum', 'multipleOf'],
  ...['maxContains', 'maxItems', 'maxLength', 'maxProperties', 'minContains', 'minItems', 'minLength', 'minProperties'],
  ...['dependentRequired', 'required', 'uniqueItems'],
  ...['contentEncoding', 'contentMediaType', 'default', 'deprecated', 'description', 'example', 'examples'],
  ...['readOnly', 'title', 'writeOnly'],
];

export const knownKeywords: ReadonlySet<string> = new Set([
  ...plainKeywords,
  ...schemaLists,
  ...schemaMaps,
  ...singleSchemas,
]);
