import type { SpanExport, SpanRecord } from '@llmteam/kernel';

/** Keeps what is exported, in this order. */
export class CollectedSpans implements SpanExport {
  readonly spans: SpanRecord[] = [];
  droppedCount = 0;
  /** What an export fails with; null: it succeeds. */
  failure: Error | null = null;
  /** Exports so far, failed ones included. */
  exports = 0;

  async export(spans: readonly SpanRecord[]): Promise<void> {
    this.exports++;
    if (this.failure !== null) throw this.failure;
    this.spans.push(...spans);
  }

  dropped(count: number): void {
    this.droppedCount += count;
  }

  named(name: string): SpanRecord[] {
    return this.spans.filter((span) => span.name === name);
  }

  /** Sorted. Spans that were exported twice are listed twice. */
  ids(): string[] {
    return this.spans
      .map((span) => `${span.attributes['llmteam.run_id']} ${span.name} ${span.trace_id}/${span.span_id}`)
      .sort();
  }
}
