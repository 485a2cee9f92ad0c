import type { RunTrace } from '@llmteam/contracts';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Attributes while they are gathered: one by one, because spreading one object into another costs more than the rest of a span. */
export type MutableAttributes = Record<string, string | number | boolean>;

/** Something that happened within a span. */
export interface SpanNote {
  readonly name: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly attributes: SpanAttributes;
}

/** A span that another one refers to. */
export type SpanLink = NonNullable<RunTrace['link']>;

/** A finished span of a run, derived from its history. */
export interface SpanRecord {
  /** 32 lower-case hex digits. */
  readonly trace_id: string;
  /** 16 lower-case hex digits, derived from the run: the same part of a history always gives the same span. */
  readonly span_id: string;
  readonly parent_span_id: string | null;
  /** `tracestate`, as the run was started with. */
  readonly state: string | null;
  readonly name: string;
  /** Epoch milliseconds. */
  readonly start_at: number;
  readonly end_at: number;
  readonly attributes: SpanAttributes;
  readonly notes: readonly SpanNote[];
  readonly links: readonly SpanLink[];
  /** What it failed with; null if it did not. */
  readonly error: string | null;
}

/** Where finished spans of runs go. */
export interface SpanExport {
  /** Resolves once they are delivered; rejects if they are not. */
  export(spans: readonly SpanRecord[]): Promise<void>;
  /** So many more could not be kept until they are. */
  dropped(count: number): void;
  /** How long a loop that stops waits for it. Default 2,000. */
  readonly patienceMs?: number;
}
