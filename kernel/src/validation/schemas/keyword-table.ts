/** JSON Schema 2020-12 as segments may use it: where a keyword's value holds schemas, and which keywords there are. */

/** Values are schemas by name. */
export const schema_maps: ReadonlySet<string> = new Set([
  '$defs',
  'definitions',
  'dependentSchemas',
  'patternProperties',
  'properties',
]);

/** Values are lists of schemas. */
export const schema_lists: ReadonlySet<string> = new Set(['allOf', 'anyOf', 'oneOf', 'prefixItems']);

/** Values are schemas. */
export const single_schemas: ReadonlySet<string> = new Set([
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
export const refused_keywords: ReadonlySet<string> = new Set([
  '$async',
  '$dynamicAnchor',
  '$dynamicRef',
  '$id',
  '$recursiveAnchor',
  '$recursiveRef',
  '$vocabulary',
  'id',
]);

const plain_keywords = [
  ...['$anchor', '$comment', '$ref', '$schema'],
  ...['const', 'enum', 'format', 'pattern', 'type'],
  ...['exclusiveMaximum', 'exclusiveMinimum', 'maximum', 'minimum', 'multipleOf'],
  ...['maxContains', 'maxItems', 'maxLength', 'maxProperties', 'minContains', 'minItems', 'minLength', 'minProperties'],
  ...['dependentRequired', 'required', 'uniqueItems'],
  ...['contentEncoding', 'contentMediaType', 'default', 'deprecated', 'description', 'example', 'examples'],
  ...['readOnly', 'title', 'writeOnly'],
];

export const known_keywords: ReadonlySet<string> = new Set([
  ...plain_keywords,
  ...schema_lists,
  ...schema_maps,
  ...single_schemas,
]);
