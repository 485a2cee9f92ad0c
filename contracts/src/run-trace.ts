import { type Static, Type } from 'typebox';

const traceId = '^[0-9a-f]{32}$';
const spanId = '^[0-9a-f]{16}$';

/** The place of a run in distributed traces, in terms of W3C Trace Context. Its trace is the `trace_id` of the run. */
export const RunTrace = Type.Object(
  {
    sampled: Type.Boolean({
      description: 'Whether spans of the run are exported. Decided once, when it is requested.',
    }),
    parent_span_id: Type.Optional(
      Type.String({ pattern: spanId, description: 'The span that requested the run, in the trace of the run.' }),
    ),
    state: Type.Optional(Type.String({ maxLength: 512, description: '`tracestate` as it was received.' })),
    link: Type.Optional(
      Type.Object(
        { trace_id: Type.String({ pattern: traceId }), span_id: Type.String({ pattern: spanId }) },
        {
          additionalProperties: false,
          description: 'What it came from in another trace: the step of the parent run, or the run it was forked from.',
        },
      ),
    ),
  },
  { additionalProperties: false, $id: 'RunTrace' },
);
export type RunTrace = Static<typeof RunTrace>;
