/** JSON Schema 2020-12 as segments may use it: where a keyword's value holds schemas, and which keywords there are. */

/** Values are schemas by name. */
export const schemaMaps: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/** Values are lists of schemas. */
export const schemaLists: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);

/** Values are schemas. */
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

/** Keywords that could load, name or switch schemas from elsewhere. */
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
