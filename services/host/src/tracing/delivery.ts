import type { Logger } from '@llmteam/contracts';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace-base';

/** Hands spans to a receiver; says once that it fails, and once that it works again with what was lost meanwhile. */
export class Delivery {
  private lost = 0;
  private isFailing = false;
  private readonly begun = new Set<{ readonly at: number }>();

  constructor(
    private readonly exporter: SpanExporter,
    private readonly endpoint: string,
    private readonly log: Logger,
  ) {}

  /** @throws what the exporter failed with */
  async deliver(spans: readonly ReadableSpan[]): Promise<void> {
    const { code, error } = await this.exported(spans);
    if (code === ExportResultCode.SUCCESS) return this.noteSuccess();
    this.noteFailure(error);
    throw error ?? new Error('the spans were not accepted');
  }

  get lostSpans(): number {
    return this.lost;
  }

  /** How long the oldest of what is being delivered has waited. */
  get waitedMs(): number {
    const [oldest] = this.begun;
    return oldest === undefined ? 0 : performance.now() - oldest.at;
  }

  /** What is still being delivered is lost. */
  giveUp(): void {
    if (this.begun.size > 0) this.noteFailure(new Error('it did not take them in time'));
  }

  private async exported(spans: readonly ReadableSpan[]): Promise<ExportResult> {
    const one = { at: performance.now() };
    this.begun.add(one);
    const result = await new Promise<ExportResult>((resolve) => this.exporter.export([...spans], resolve));
    this.begun.delete(one);
    return result;
  }

  noteLost(count: number): void {
    this.lost += count;
  }

  private noteFailure(err: unknown): void {
    if (this.isFailing) return;
    this.isFailing = true;
    const { endpoint } = this;
    this.log.warn(
      { err, endpoint },
      `spans cannot be delivered to ${endpoint}; runs go on, and spans that do not fit into memory are lost`,
    );
  }

  private noteSuccess(): void {
    if (!this.isFailing) return;
    this.isFailing = false;
    this.log.info({ endpoint: this.endpoint, lost_spans: this.lost }, 'spans are delivered again');
  }
}
