import { celKeyword, JsonValue } from '@llmteam/contracts';
import { type Static, Type } from 'typebox';

const Cel = { [celKeyword]: 'any' } as const;

export const TransformConfig = Type.Object(
  {
    expression: Type.Optional(Type.String({ ...Cel, description: 'The value of this expression is the output.' })),
    mapping: Type.Optional(
      Type.Unsafe<Readonly<Record<string, string>>>({
        type: 'object',
        additionalProperties: { type: 'string', ...Cel },
        minProperties: 1,
        description: 'CEL expressions by target key; the output is an object with these keys.',
      }),
    ),
    default: Type.Optional({
      ...JsonValue,
      description:
        'Replaces the value of every expression that is null or fails. Without it, null stays null and a failure fails ' +
        'the step.',
    }),
  },
  {
    additionalProperties: false,
    oneOf: [
      { properties: { expression: {} }, required: ['expression'] },
      { properties: { mapping: {} }, required: ['mapping'] },
    ],
    description: 'Exactly one of `expression` and `mapping`.',
  },
);
export type TransformConfig = Static<typeof TransformConfig>;
