import { type CelResult, caps, celKeyword } from '@llmteam/contracts';
import { type TSchemaOptions, Type } from 'typebox';

/** About a hundred years: with it every moment a timer may be set to is still a date. */
export const longestSeconds = 3_155_760_000;
export const longestHours = longestSeconds / 3_600;

export const strict = { additionalProperties: false } as const;

/** A string that is CEL and gives `result`. */
export function cel(result: CelResult, description: string) {
  return Type.String({ minLength: 1, maxLength: caps.expression_characters, [celKeyword]: result, description });
}

/** `{key: CEL}`, each giving anything. */
export function celMapping(description: string) {
  return Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: cel('any', 'CEL.'),
    description,
  });
}

/** Schema keywords: of these keys exactly one is given. */
export function exactlyOneOf(...keys: readonly string[]): TSchemaOptions {
  return { oneOf: keys.map((key) => required(key)) };
}

/** Schema keywords: `key` is given and fits `schema`. Strict Ajv wants a property declared where it is required. */
export function required(key: string, schema: object = {}): object {
  return { properties: { [key]: schema }, required: [key] };
}

/** Schema keywords: unless the value of `key` is one of `values`, `rule` holds. */
export function unless(key: string, values: readonly string[], rule: object): object {
  return { if: { properties: { [key]: { enum: values } } }, else: rule };
}
