/** Path and query parameters that several routes share. */
import { Identifier, Name } from '@llmteam/contracts';
import { type TSchema, Type } from 'typebox';
import type { PathParameter } from './route.js';

export const runParam: Readonly<Record<'run_id', PathParameter>> = {
  run_id: { schema: Name, description: 'The run.', unknown: 'RUN_UNKNOWN' },
};

export const segmentParam: Readonly<Record<'segment_id', PathParameter>> = {
  segment_id: { schema: Identifier, description: 'The segment.', unknown: 'SEGMENT_UNKNOWN' },
};

export const taskParam: Readonly<Record<'task_id', PathParameter>> = {
  task_id: {
    schema: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}:.+$', maxLength: 2_200 }),
    description: 'The task: `<run_id>:<step>`, percent-encoded.',
    unknown: 'TASK_UNKNOWN',
  },
};

export const pageQuery = {
  cursor: Type.Optional(Type.String({ maxLength: 1_024, description: 'The cursor of the previous page.' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000, default: 50, description: 'Rows per page.' })),
};

/** One of the values, or any of several: the parameter is repeated. */
export function severalOf<T extends TSchema>(value: T) {
  return Type.Array(value, { minItems: 1, maxItems: 16, description: 'Repeated: any of several.' });
}

export const waitField = Type.Optional(
  Type.Number({
    minimum: 0,
    maximum: 60,
    default: 0,
    description:
      'Seconds to wait for the end of the run. While it waits, the request counts as an open stream of the tenant.',
  }),
);

/** RFC 3339 with an offset. Leap seconds are refused: no clock here knows them. */
export const moment = (description: string) =>
  Type.String({
    format: 'date-time',
    pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\\.[0-9]{1,9})?(Z|[+-][0-9]{2}:[0-9]{2})$',
    description,
  });

export const strict = { additionalProperties: false } as const;
export const noQuery = Type.Object({}, strict);
export const noBody = Type.Null();

export const ifMatch = {
  'If-Match': {
    schema: Type.String({ maxLength: 1_024 }),
    description: 'Only if the segment has this `ETag`; `*`: only if it exists.',
  },
};
