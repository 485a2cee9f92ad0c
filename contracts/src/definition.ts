import { type Static, Type } from 'typebox';
import { Segment } from './segment.js';

/**
 * What a run executes: the segment, pinned to exact versions of its step types. Stored in `Blobs` by content hash and
 * referenced by a run's history, so that 10,000 runs of a segment share one copy.
 */
export const Definition = Type.Object(
  {
    segment: Segment,
    step_types: Type.Unsafe<Readonly<Record<string, string>>>({
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'The resolved version, by the `type` of each step as written, e.g. `{"acme_ocr@^2.1": "2.3.0"}`.',
    }),
  },
  { additionalProperties: false, $id: 'Definition' },
);
export type Definition = Static<typeof Definition>;
