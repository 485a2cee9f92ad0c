import {
  type CelResult,
  celKeyword,
  innerConfigKeyword,
  type Json,
  type JsonObject,
  literalKeyword,
  templateKeyword,
} from '@llmteam/contracts';
import { RE2JS } from 're2js';

/**
 * The schemas that may apply at one location of a config: several with `anyOf`, `oneOf`, `allOf` and `$ref`, none if no
 * schema describes the location.
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

  /** The result type the string's expression must have; undefined if the string is not an expression. */
  get cel(): CelResult | undefined {
    for (const schema of this.#schemas) {
      const result = schema[celKeyword];
      if (result === 'boolean' || result === 'list' || result === 'any') return result;
    }
    return undefined;
  }

  /** Whether `${…}` in the string is not expanded. */
  get isLiteral(): boolean {
    return [...this.#schemas].some((schema) => schema[literalKeyword] === true);
  }

  /** Whether the value is the config of an inner step, which is read for itself. */
  get isInnerConfig(): boolean {
    return this.mark(innerConfigKeyword) === true;
  }

  /** Whether the string is a text with `${…}` and `{name}`. */
  get isTemplate(): boolean {
    return this.mark(templateKeyword) === true;
  }

  /** The value of a keyword such as `x-schema`; undefined if it is absent or false. */
  mark(keyword: string): Json | undefined {
    for (const { [keyword]: value } of this.#schemas) if (value !== undefined && value !== false) return value;
    return undefined;
  }

  property(key: string): SchemaView {
    if (this.#schemas.size === 0) return this;
    return new SchemaView(
      this.root,
      [...this.#schemas].flatMap((schema) => propertySchemas(schema, key)),
    );
  }

  item(index: number): SchemaView {
    if (this.#schemas.size === 0) return this;
    return new SchemaView(
      this.root,
      [...this.#schemas].map((schema) => itemSchema(schema, index)),
    );
  }
}

const combinations = ['allOf', 'anyOf', 'oneOf'] as const;

/** Adds a schema and its subschemas for the same location. */
function reach(root: JsonObject, schema: Json | undefined, reached: Set<JsonObject>): void {
  if (!isObject(schema) || reached.has(schema)) return;
  reached.add(schema);
  const { $ref, then, else: otherwise } = schema;
  if (typeof $ref === 'string') reach(root, resolveRef(root, $ref), reached);
  for (const keyword of combinations) {
    const members = schema[keyword];
    if (Array.isArray(members)) for (const member of members as readonly Json[]) reach(root, member, reached);
  }
  reach(root, then, reached);
  reach(root, otherwise, reached);
}

/** Resolves a `$ref` within the document: `#`, `#/$defs/Name`, or a bare definition name as TypeBox writes it. */
function resolveRef(root: JsonObject, ref: string): Json | undefined {
  if (ref === '#') return root;
  if (!ref.startsWith('#')) return own(own(root, '$defs'), ref);
  const keys = ref.slice(2).split('/');
  return keys.reduce<Json | undefined>((at, key) => own(at, key.replaceAll('~1', '/').replaceAll('~0', '~')), root);
}

function propertySchemas(schema: JsonObject, key: string): (Json | undefined)[] {
  const named = own(schema.properties, key);
  const patterns = isObject(schema.patternProperties) ? Object.entries(schema.patternProperties) : [];
  const matching = patterns.filter(([pattern]) => isMatch(pattern, key)).map(([, found]) => found);
  const found = named === undefined ? matching : [named, ...matching];
  return found.length > 0 ? found : [schema.additionalProperties];
}

function itemSchema(schema: JsonObject, index: number): Json | undefined {
  const { prefixItems, items } = schema;
  for (const tuple of [prefixItems, items]) if (Array.isArray(tuple) && index < tuple.length) return tuple[index];
  return Array.isArray(items) ? schema.additionalItems : items;
}

/** The pattern TypeBox writes for a record with arbitrary keys. */
const anyKey = '^.*$';

function isMatch(pattern: string, key: string): boolean {
  if (pattern === anyKey) return true;
  try {
    return RE2JS.compile(pattern).test(key);
  } catch {
    // RE2 has no lookarounds; assume a match, as schema validation of the config decides later.
    return true;
  }
}

function own(value: Json | undefined, key: string): Json | undefined {
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
