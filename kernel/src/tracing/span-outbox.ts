/**
 * Purpose: exports the spans of a partition's runs, and remembers how far: `traces/<partition>` in the key-value store.
 * Owns: batches, bounds, what a successor need not export again. Does not own: deriving spans (run-spans.ts).
 * Invariants:
 *   X1 A span is handed over again only if the process died between handing it over and noting that, and then has the same id.
 *   X2 Neither the loop nor its runs wait for an export. A round of checkpoints does, and a loop that stops: for the exporter's `patienceMs` at most.
 *   X3 What cannot be delivered is kept up to `maxPending` spans; beyond it new spans are dropped and counted.
 */
import type { Clock, KvStore, Position, Timer } from '@llmteam/contracts';
import { type CopiedEntries, copiedEntries } from './copied-entries.js';
import type { SpanExport, SpanRecord } from './span-record.js';

export interface SpanOutboxDeps {
  readonly kv: KvStore;
  readonly partition: number;
  readonly clock: Clock;
  readonly exporter: SpanExport;
}

interface Pending {
  readonly position: Position;
  readonly span: SpanRecord;
}

const maxPending = 8_192;
const spansPerExport = 512;
const exportAfterMs = 1_000;
const longestPauseMs = 30_000;
const usualPatienceMs = 2_000;

export class SpanOutbox {
  private pending: Pending[] = [];
  /** All spans of entries up to here are exported. */
  private exported: Position = 0;
  /** Not ours to export. */
  private copied: readonly CopiedEntries[] = [];
  private sending: Promise<void> | null = null;
  private timer: Timer | null = null;
  private pauseMs = exportAfterMs;
  private isOver = false;

  constructor(private readonly deps: SpanOutboxDeps) {}

  /** Where the last owner of the partition got to. Called before anything is added. */
  async begin(): Promise<void> {
    const { kv, partition } = this.deps;
    this.copied = await copiedEntries(kv, partition);
    const found = await kv.get(this.key);
    const exported = (found?.value as { readonly exported?: unknown } | undefined)?.exported;
    if (Number.isSafeInteger(exported)) this.exported = exported as Position;
  }

  /** Spans that ended with the entry at `position`. Those of entries that were exported already, here or elsewhere, are passed over. */
  add(position: Position, spans: readonly SpanRecord[]): void {
    if (this.isOver || spans.length === 0 || position <= this.exported || this.isCopied(position)) return;
    const room = Math.max(0, maxPending - this.pending.length);
    for (const span of spans.slice(0, room)) this.pending.push({ position, span });
    if (spans.length > room) this.deps.exporter.dropped(spans.length - room);
    if (this.pending.length >= spansPerExport && this.pauseMs === exportAfterMs) this.send();
    else this.sendLater();
  }

  /** Resolves once everything is exported, or cannot be now. */
  async flush(): Promise<void> {
    if (this.pending.length === 0 || this.isOver) return;
    const { clock, exporter } = this.deps;
    let timer: Timer | null = null;
    const enough = new Promise<void>((resolve) => {
      timer = clock.after(exporter.patienceMs ?? usualPatienceMs, resolve);
    });
    this.send();
    await Promise.race([this.sending, enough]);
    (timer as Timer | null)?.cancel();
  }

  /** Nothing is exported any more: a successor exports what is left. */
  stop(): void {
    this.isOver = true;
    this.timer?.cancel();
    this.timer = null;
    this.pending = [];
  }

  private isCopied(position: Position): boolean {
    return this.copied.some(({ after, upto }) => position > after && position <= upto);
  }

  private get key(): string {
    return `traces/${this.deps.partition}`;
  }

  private sendLater(): void {
    if (this.sending !== null || this.isOver || this.pending.length === 0) return;
    this.timer ??= this.deps.clock.after(this.pauseMs, () => this.send());
  }

  private send(): void {
    this.timer?.cancel();
    this.timer = null;
    this.sending ??= this.sendAll().finally(() => {
      this.sending = null;
      this.sendLater();
    });
  }

  private async sendAll(): Promise<void> {
    while (this.pending.length > 0 && !this.isOver) {
      const batch = this.pending.slice(0, spansPerExport);
      try {
        await this.deps.exporter.export(batch.map(({ span }) => span));
      } catch {
        // The exporter tells it.
        this.pauseMs = Math.min(2 * this.pauseMs, longestPauseMs);
        return;
      }
      this.pauseMs = exportAfterMs;
      if (!this.isOver) await this.noteExported(batch);
    }
  }

  private async noteExported(batch: readonly Pending[]): Promise<void> {
    this.pending.splice(0, batch.length);
    const last = batch.at(-1)?.position ?? 0;
    const next = this.pending[0]?.position;
    this.exported = next === undefined ? last : Math.min(last, next - 1);
    // If it is not kept, a successor exports these spans once more, with the same ids.
    await this.deps.kv.put(this.key, { exported: this.exported }).catch(() => undefined);
  }
}
