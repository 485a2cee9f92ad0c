import type { Json } from '@llmteam/contracts';
import type { TSchema } from 'typebox';

export interface ReadQuery {
  readonly query: Record<string, Json>;
  /** Parameters that are given more than once and have a single value. */
  readonly repeated: readonly string[];
}

/**
 * Reads parameters as OpenAPI has them: a list is a repeated parameter (`form`, exploded), an object is given member by member
 * (`deepObject`): `name[member]=value`.
 */
export function readQuery(search: URLSearchParams, schema: TSchema | undefined): ReadQuery {
  const types = typesOf(schema);
  const query: Record<string, Json> = Object.create(null);
  const repeated: string[] = [];
  for (const [name, value] of search) {
    const [, owner = '', member = ''] = /^([^[\]]+)\[([^[\]]*)\]$/.exec(name) ?? [];
    if (types[owner] === 'object') {
      const members = (query[owner] ?? Object.create(null)) as Record<string, string>;
      query[owner] = members;
      if (member in members) repeated.push(name);
      members[member] = value;
    } else if (types[name] === 'array') {
      query[name] = [...((query[name] ?? []) as string[]), value];
    } else {
      if (name in query) repeated.push(name);
      query[name] = value;
    }
  }
  return { query, repeated };
}

function typesOf(schema: TSchema | undefined): Readonly<Record<string, unknown>> {
  const { properties = {} } = (schema ?? {}) as {
    readonly properties?: Readonly<Record<string, { readonly type?: unknown }>>;
  };
  const types: Record<string, unknown> = Object.create(null);
  for (const [name, { type }] of Object.entries(properties)) types[name] = type;
  return types;
}
