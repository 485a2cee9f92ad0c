import { Type } from 'typebox';

/** Any value that survives a JSON round trip, as carried by ports and stored in the journal. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Keys that allow prototype pollution; rejected in untrusted JSON. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Schema that accepts any JSON value. */
export const JsonValue = Type.Unsafe<Json>({});
/** Schema that accepts any JSON object. */
export const JsonRecord = Type.Unsafe<JsonObject>({ type: 'object' });
