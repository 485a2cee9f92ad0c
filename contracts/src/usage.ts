import { type Static, Type } from 'typebox';

/** Usage of model calls, summed over the attempts that reported it. What is absent is unknown, not zero. */
export const Usage = Type.Object(
  {
    input_tokens: Type.Integer({ minimum: 0 }),
    output_tokens: Type.Integer({ minimum: 0 }),
    cached_input_tokens: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Those of `input_tokens` that the service had in its cache.' }),
    ),
    reasoning_tokens: Type.Optional(
      Type.Integer({ minimum: 0, description: 'Those of `output_tokens` that are reasoning.' }),
    ),
    cost_usd: Type.Optional(Type.Number({ minimum: 0 })),
  },
  { additionalProperties: false, $id: 'Usage' },
);
export type Usage = Static<typeof Usage>;

export const noUsage: Usage = Object.freeze({ input_tokens: 0, output_tokens: 0 });

/** What two calls used together. Of what one of them did not tell, it is what the other told. */
export function usageSum(one: Usage, other: Usage): Usage {
  const sum = {
    input_tokens: one.input_tokens + other.input_tokens,
    output_tokens: one.output_tokens + other.output_tokens,
  };
  for (const name of ['cached_input_tokens', 'reasoning_tokens', 'cost_usd'] as const) {
    if (one[name] !== undefined || other[name] !== undefined) {
      Object.assign(sum, { [name]: (one[name] ?? 0) + (other[name] ?? 0) });
    }
  }
  return sum;
}
