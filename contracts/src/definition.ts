import { type Static, Type } from 'typebox';
import { Segment } from './segment.js';

/**
 * What a run executes, for ever: the segment and the exact version of every step type it names. Stored by content hash in
 * `Blobs`; a run's history refers to it, so that 10,000 runs of a segment keep it once.
 */
export const Definition = Type.Object(
  {
    segment: Segment,
    step_types: Type.Unsafe<Readonly<Record<string, string>>>({
      type: 'object',
      additionalProperties: { type: 'string' },
      description:
        'By the `type` of each step as written: the version that serves it, e.g. `{"acme_ocr@^2.1": "2.3.0"}`.',
    }),
  },
  { additionalProperties: false, $id: 'Definition' },
);
export type Definition = Static<typeof Definition>;
