/**
 * Purpose: whether what a journal yields is a fact. Anybody with access to the store may have written it, or another version.
 * Owns: types and members that readers rely on. Does not own: limits on what callers may write, which are checked before it is written;
 * what a member means. Members that are not known are ignored: a later version may write them.
 */
import { Fact, forbiddenKeys } from '@llmteam/contracts';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import { makeAjv } from '../validation/schemas/ajv.js';

/** Keywords that only limit what callers may write. */
const dropped: ReadonlySet<string> = new Set(['$id', 'additionalProperties', 'format', 'pattern', 'maxLength']);
/** A member that is null while its value is in the blob store. */
const mayBeElsewhere = 'answer';
const nothing = { type: 'null' };
/** Members whose keys become keys of other objects. */
const keyed = ['ports', 'large'] as const;

type Schema = Readonly<Record<string, unknown>>;

/** Why a value is no fact, in words; null if it is one. Schemas are compiled on first use. */
export type FactFault = (fact: unknown) => string | null;

export function factFaults(): FactFault {
  // No member of a fact is called like one that every object has, and this is five times as fast.
  const ajv = makeAjv({ strict: false, logger: false, ownProperties: false });
  const schemas = new Map((Fact.anyOf as unknown as readonly Schema[]).map((schema) => [typeOf(schema), schema]));
  const compiled = new Map<unknown, ValidateFunction>();
  return (fact) => {
    const type: unknown = (fact as Partial<Fact> | null | undefined)?.type;
    let check = compiled.get(type);
    if (check === undefined) {
      const schema = schemas.get(type);
      if (schema === undefined) return 'its fact is of an unknown type';
      check = ajv.compile(opened(schema) as Schema);
      compiled.set(type, check);
    }
    if (!check(fact))
      return `its fact '${type}' is of the wrong shape: ${ajv.errorsText(check.errors, { dataVar: '' })}`;
    return hasForbiddenKey(fact as Fact) ? `its fact '${type}' has a key that is not allowed` : null;
  };
}

function typeOf({ properties }: Schema): unknown {
  return (properties as { readonly type: { readonly const: unknown } }).type.const;
}

/** The schema without the keywords that a reader does not need. Members that may be missing may be null. */
function opened(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(opened);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { properties, required, ...rest } = schema as Schema;
  const kept = Object.entries(rest).filter(([keyword, value]) => !dropped.has(keyword) || typeof value === 'object');
  const members = Object.entries((properties ?? {}) as Schema).map(([name, member]) => {
    const isCertain = Array.isArray(required) && required.includes(name) && name !== mayBeElsewhere;
    return [name, isCertain ? opened(member) : { anyOf: [opened(member), nothing] }];
  });
  return {
    ...Object.fromEntries(kept.map(([keyword, value]) => [keyword, opened(value)])),
    ...(properties !== undefined && { properties: Object.fromEntries(members) }),
    ...(Array.isArray(required) && { required: required.filter((name) => !isAny((properties as Schema)[name])) }),
  };
}

/** Any JSON value; if it was undefined, the member is missing. */
function isAny(schema: unknown): boolean {
  return !['type', 'const', 'enum', 'anyOf', 'allOf'].some((keyword) => Object.hasOwn(schema as object, keyword));
}

/** Each fact of each run comes by here, so this allocates nothing. */
function hasForbiddenKey(fact: Fact): boolean {
  for (const key of forbiddenKeys) {
    if (Object.hasOwn(fact, key)) return true;
    for (const name of keyed) {
      const object = (fact as unknown as Partial<Record<string, object>>)[name] ?? null;
      if (object !== null && Object.hasOwn(object, key)) return true;
    }
  }
  return false;
}
