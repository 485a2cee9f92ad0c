import { Type } from 'typebox';

/** Any value that survives a JSON round trip, as carried by ports and stored in the journal. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/**
 * Refused in JSON from outside: assigned as usual (`copy[key] = value`, `Object.assign`), it replaces the prototype of the copy, and
 * plugins and libraries assign as usual. All other keys are data, `constructor` and `prototype` too.
 */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__']);

/** Schema that accepts any JSON value. */
export const JsonValue = Type.Unsafe<Json>({});
/** Schema that accepts any JSON object. */
export const JsonRecord = Type.Unsafe<JsonObject>({ type: 'object' });
