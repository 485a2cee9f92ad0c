import { type Static, Type } from 'typebox';
import { Name } from '../ids.js';
import { JsonRecord, JsonValue } from '../json.js';
import { RunMetadata } from '../run-metadata.js';

const strict = { additionalProperties: false } as const;

export const IdempotencyKey = Type.String({
  pattern: '^[\\x21-\\x7e]+$',
  maxLength: 255,
  description: 'Deduplicates requests: the same key with the same body returns the same run.',
});

/** `POST /api/v1/segments/{segment_id}/runs` */
export const StartRunBody = Type.Object(
  {
    input_data: Type.Optional(Type.Unsafe<import('../json.js').Json>({ description: "The run's input.", default: {} })),
    timeout: Type.Optional(
      Type.Union([Type.Number({ exclusiveMinimum: 0, maximum: 31_536_000 }), Type.Null()], {
        description: "Time limit for the whole run in seconds; null for none. Default: the segment's.",
      }),
    ),
    idempotency_key: Type.Optional(IdempotencyKey),
    instance_id: Type.Optional(Name),
    correlation_id: Type.Optional(Name),
    metadata: Type.Optional(RunMetadata),
  },
  { ...strict, $id: 'StartRunBody' },
);
export type StartRunBody = Static<typeof StartRunBody>;

/** `POST /api/v1/runs/{run_id}/cancel`, `pause` and `resume` */
export const ControlRunBody = Type.Object(
  { reason: Type.Optional(Type.String({ maxLength: 1_024, description: 'The reason, recorded in the history.' })) },
  { ...strict, $id: 'ControlRunBody' },
);
export type ControlRunBody = Static<typeof ControlRunBody>;

/** `POST /api/v1/runs/{run_id}/signals/{name}` */
export const SignalRunBody = Type.Object(
  {
    payload: Type.Optional(JsonValue),
    correlation: Type.Optional(
      Type.String({ maxLength: 256, description: 'Delivers only to steps that wait for this value, or for any.' }),
    ),
  },
  { ...strict, $id: 'SignalRunBody' },
);
export type SignalRunBody = Static<typeof SignalRunBody>;

/** `POST /api/v1/runs/{run_id}/fork` */
export const ForkRunBody = Type.Object(
  {
    from_step: Type.String({ minLength: 1, maxLength: 64, description: 'The step to restart from.' }),
    input_overrides: Type.Optional(
      Type.Unsafe<Static<typeof JsonRecord>>({
        ...JsonRecord,
        description: "Port values for the step, replacing the original run's.",
      }),
    ),
  },
  { ...strict, $id: 'ForkRunBody' },
);
export type ForkRunBody = Static<typeof ForkRunBody>;
