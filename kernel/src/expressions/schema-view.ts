import { type CelResult, cel_keyword, type Json, type JsonObject, literal_keyword } from '@llmteam/contracts';
import { RE2JS } from 're2js';

/**
 * The schemas that may apply to one place of a config: more than one with `anyOf`, `oneOf`, `allOf` and `$ref`. A place that
 * no schema describes has none.
 */
export class SchemaView {
  readonly #schemas: ReadonlySet<JsonObject>;

  private constructor(
    private readonly root: JsonObject,
    schemas: Iterable<Json | undefined>,
  ) {
    const reached = new Set<JsonObject>();
    for (const schema of schemas) reach(root, schema, reached);
    this.#schemas = reached;
  }

  static of(schema: JsonObject): SchemaView {
    return new SchemaView(schema, [schema]);
  }

  /** What the string's expression must give; undefined if the string is no expression. */
  get cel(): CelResult | undefined {
    for (const schema of this.#schemas) {
      const result = schema[cel_keyword];
      if (result === 'boolean' || result === 'list' || result === 'any') return result;
    }
    return undefined;
  }

  /** Whether `${…}` in the string is left alone. */
  get is_literal(): boolean {
    return [...this.#schemas].some((schema) => schema[literal_keyword] === true);
  }

  property(key: string): SchemaView {
    return new SchemaView(
      this.root,
      [...this.#schemas].flatMap((schema) => property_schemas(schema, key)),
    );
  }

  item(index: number): SchemaView {
    return new SchemaView(
      this.root,
      [...this.#schemas].map((schema) => item_schema(schema, index)),
    );
  }
}

const combinations = ['allOf', 'anyOf', 'oneOf'] as const;

/** Adds a schema and those it consists of. */
function reach(root: JsonObject, schema: Json | undefined, reached: Set<JsonObject>): void {
  if (!is_object(schema) || reached.has(schema)) return;
  reached.add(schema);
  const { $ref, then, else: otherwise } = schema;
  if (typeof $ref === 'string') reach(root, referred(root, $ref), reached);
  for (const keyword of combinations) {
    const members = schema[keyword];
    if (Array.isArray(members)) for (const member of members as readonly Json[]) reach(root, member, reached);
  }
  reach(root, then, reached);
  reach(root, otherwise, reached);
}

/** What a `$ref` within the document names: `#`, `#/$defs/Name`, or the name of a definition as TypeBox writes it. */
function referred(root: JsonObject, ref: string): Json | undefined {
  if (ref === '#') return root;
  if (!ref.startsWith('#')) return own(own(root, '$defs'), ref);
  const keys = ref.slice(2).split('/');
  return keys.reduce<Json | undefined>((at, key) => own(at, key.replaceAll('~1', '/').replaceAll('~0', '~')), root);
}

function property_schemas(schema: JsonObject, key: string): (Json | undefined)[] {
  const named = own(schema.properties, key);
  const patterns = is_object(schema.patternProperties) ? Object.entries(schema.patternProperties) : [];
  const matching = patterns.filter(([pattern]) => is_match(pattern, key)).map(([, found]) => found);
  const found = named === undefined ? matching : [named, ...matching];
  return found.length > 0 ? found : [schema.additionalProperties];
}

function item_schema(schema: JsonObject, index: number): Json | undefined {
  const { prefixItems, items } = schema;
  for (const tuple of [prefixItems, items]) if (Array.isArray(tuple) && index < tuple.length) return tuple[index];
  return Array.isArray(items) ? schema.additionalItems : items;
}

/** As TypeBox writes the pattern of a record with any keys. */
const any_key = '^.*$';

function is_match(pattern: string, key: string): boolean {
  if (pattern === any_key) return true;
  try {
    return RE2JS.compile(pattern).test(key);
  } catch {
    // JavaScript's look-arounds: the schema's own check of the config decides; a mark that may hold is taken to hold.
    return true;
  }
}

function own(value: Json | undefined, key: string): Json | undefined {
  return is_object(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function is_object(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
