import { Type } from 'typebox';

/** Any value that survives a JSON round trip. What ports carry, what the journal stores. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = { readonly [key: string]: Json };

/** Keys that reach a prototype in careless code; JSON from outside may not have them. */
export const forbiddenKeys: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** Schema that accepts any JSON value. */
export const JsonValue = Type.Unsafe<Json>({});
/** Schema that accepts any JSON object. */
export const JsonRecord = Type.Unsafe<JsonObject>({ type: 'object' });
