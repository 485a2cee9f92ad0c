import { type Static, Type } from 'typebox';
import { Problem } from '../problem.js';
import { PageCursor } from './run-answers.js';

const strict = { additionalProperties: false } as const;
const Revision = Type.Integer({
  minimum: 1,
  description:
    'Increases with every change; the numbers are not consecutive and need not start at 1. The `ETag` is this number in quotes.',
});

/** The response to storing a segment. */
export const SegmentStored = Type.Object(
  {
    segment_id: Type.String(),
    revision: Revision,
    definition: Type.String({ description: 'Content hash of the segment and the versions of its step types.' }),
    warnings: Type.Array(Problem),
  },
  { ...strict, $id: 'SegmentStored' },
);
export type SegmentStored = Static<typeof SegmentStored>;

/** A segment as lists show it. */
export const SegmentListing = Type.Object(
  {
    segment_id: Type.String(),
    name: Type.String(),
    revision: Revision,
    definition: Type.String(),
    stored_at: Type.String({ format: 'date-time' }),
  },
  { ...strict, $id: 'SegmentListing' },
);
export type SegmentListing = Static<typeof SegmentListing>;

export const SegmentPage = Type.Object(
  { segments: Type.Array(SegmentListing), cursor: PageCursor },
  { ...strict, $id: 'SegmentPage', description: 'Segments, ordered by id.' },
);
export type SegmentPage = Static<typeof SegmentPage>;

/** `POST /api/v1/segments/validate` */
export const ValidationReport = Type.Object(
  { valid: Type.Boolean(), problems: Type.Array(Problem) },
  { ...strict, $id: 'ValidationReport' },
);
export type ValidationReport = Static<typeof ValidationReport>;
