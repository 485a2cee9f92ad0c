import { type Static, Type } from 'typebox';
import { RunEvent } from '../events.js';
import { Redacted, RunStatus, StepRecord } from '../run.js';
import { ReasonName } from '../run-explanation.js';
import { RunMetadata } from '../run-metadata.js';

const strict = { additionalProperties: false } as const;
const time = Type.String({ format: 'date-time' });

export const PageCursor = Type.Union([Type.String(), Type.Null()], {
  description: 'The cursor of the next page; null on the last page.',
});

/** An accepted run: it is stored durably and will be executed. */
export const RunAccepted = Type.Object(
  { run_id: Type.String(), segment_id: Type.String(), status: RunStatus, started_at: time },
  { ...strict, $id: 'RunAccepted' },
);
export type RunAccepted = Static<typeof RunAccepted>;

/** A run as lists show it. */
export const RunListing = Type.Object(
  {
    run_id: Type.String(),
    segment_id: Type.String(),
    tenant_id: Type.String(),
    status: RunStatus,
    correlation_id: Type.Union([Type.String(), Type.Null()]),
    metadata: RunMetadata,
    parent_run_id: Type.Union([Type.String(), Type.Null()]),
    started_at: time,
    completed_at: Type.Union([time, Type.Null()]),
    duration_ms: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()]),
    waiting_for: Type.Optional(
      Type.Array(ReasonName, {
        description: 'Why it is where it is, the decisive reasons first; absent while it goes on, and if it has ended.',
      }),
    ),
    redacted: Type.Optional(Redacted),
  },
  { ...strict, $id: 'RunListing' },
);
export type RunListing = Static<typeof RunListing>;

export const RunPage = Type.Object(
  { runs: Type.Array(RunListing), cursor: PageCursor },
  { ...strict, $id: 'RunPage', description: 'Runs, newest first.' },
);
export type RunPage = Static<typeof RunPage>;

export const StepPage = Type.Object(
  { steps: Type.Array(StepRecord), cursor: PageCursor },
  { ...strict, $id: 'StepPage', description: 'Step occurrences of a run.' },
);
export type StepPage = Static<typeof StepPage>;

export const EventPage = Type.Object(
  {
    events: Type.Unsafe<RunEvent[]>(Type.Array(RunEvent)),
    cursor: {
      ...PageCursor,
      description: 'The cursor of the next page; null if the run has ended and this was its last page.',
    },
  },
  { ...strict, $id: 'EventPage', description: 'Events of a run, in order.' },
);
export type EventPage = Static<typeof EventPage>;
