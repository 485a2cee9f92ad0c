import { type CelResult, caps, celKeyword } from '@llmteam/contracts';
import { type TSchemaOptions, Type } from 'typebox';

/** About a hundred years, so that every timer deadline is still a valid date. */
export const longestSeconds = 3_155_760_000;
export const longestHours = longestSeconds / 3_600;

export const strict = { additionalProperties: false } as const;

/** Schema of a CEL expression that evaluates to `result`. */
export function cel(result: CelResult, description: string) {
  return Type.String({ minLength: 1, maxLength: caps.expression_characters, [celKeyword]: result, description });
}

/** Schema of `{key: CEL}`, each evaluating to any type. */
export function celMapping(description: string) {
  return Type.Unsafe<Readonly<Record<string, string>>>({
    type: 'object',
    additionalProperties: cel('any', 'CEL.'),
    description,
  });
}

/** Schema keywords: exactly one of these keys is given. */
export function exactlyOneOf(...keys: readonly string[]): TSchemaOptions {
  return { oneOf: keys.map((key) => required(key)) };
}

/** Schema keywords: `key` is given and matches `schema`. Strict Ajv requires a property to be declared where it is required. */
export function required(key: string, schema: object = {}): object {
  return { properties: { [key]: schema }, required: [key] };
}

/** Schema keywords: `rule` applies unless the value of `key` is one of `values`. */
export function unless(key: string, values: readonly string[], rule: object): object {
  return { if: { properties: { [key]: { enum: values } } }, else: rule };
}
