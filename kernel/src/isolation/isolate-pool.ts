/**
 * Purpose: isolates of one plugin: as many as there is work at a time.
 * Owns: opening, keeping and closing them. Does not own: the number of attempts at a time, which the worker's concurrency bounds.
 */
import { LlmteamError, type Logger } from '@llmteam/contracts';
import type { Isolate } from './isolate.js';

export interface IsolatePoolOptions {
  /** Opens one that is loaded and started. */
  readonly open: () => Promise<Isolate>;
  readonly log: Logger;
  /** Whether one is kept ready, and replaced before it is needed. */
  readonly isReady: boolean;
  /** How long one more than that is kept. Default 60,000. */
  readonly idleMs?: number;
}

interface Idle {
  readonly isolate: Isolate;
  readonly since: number;
}

const defaultIdleMs = 60_000;

export class IsolatePool {
  /** The one used last is used next: the others may go. */
  private readonly idle: Idle[] = [];
  private readonly all = new Set<Isolate>();
  private opening: Promise<void> | null = null;
  private sweep: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(private readonly options: IsolatePoolOptions) {}

  /** Adds one that was opened elsewhere. */
  add(isolate: Isolate): void {
    this.all.add(isolate);
    this.give(isolate);
  }

  /** @throws Error of the plugin that does not start; LlmteamError `CANCELLED` if it was stopped meanwhile */
  async take(): Promise<Isolate> {
    for (let next = this.idle.pop(); next !== undefined; next = this.idle.pop()) {
      if (next.isolate.isUsable) return next.isolate;
      this.drop(next.isolate);
    }
    const isolate = await this.options.open();
    this.all.add(isolate);
    if (!this.isClosed) return isolate;
    this.drop(isolate);
    throw new LlmteamError('CANCELLED', 'the plugin was stopped');
  }

  /** Takes one back. One that is no longer usable is replaced, so that the next attempt need not wait. */
  give(isolate: Isolate): void {
    if (isolate.isUsable && !this.isClosed) {
      this.idle.push({ isolate, since: performance.now() });
      this.scheduleSweep();
      return;
    }
    this.drop(isolate);
    if (this.idle.length === 0) this.openAhead();
  }

  /** Closes all; those at work are ended. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.sweep !== null) clearTimeout(this.sweep);
    await this.opening;
    const closed = [...this.all].map((isolate) => isolate.close());
    const failed = (await Promise.allSettled(closed)).find((one) => one.status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  private get kept(): number {
    return this.options.isReady ? 1 : 0;
  }

  private openAhead(): void {
    if (!this.options.isReady || this.isClosed || this.opening !== null) return;
    const opened = this.options.open().then(
      (isolate) => this.add(isolate),
      (err: unknown) => this.options.log.warn({ err }, 'a plugin could not be started ahead of its next step'),
    );
    this.opening = opened.finally(() => {
      this.opening = null;
    });
  }

  private drop(isolate: Isolate): void {
    this.all.delete(isolate);
    isolate.close().catch((err: unknown) => this.options.log.warn({ err }, 'a plugin could not be stopped'));
  }

  private scheduleSweep(): void {
    const idleMs = this.options.idleMs ?? defaultIdleMs;
    if (this.sweep !== null || this.idle.length <= this.kept) return;
    this.sweep = setTimeout(() => {
      this.sweep = null;
      const before = performance.now() - idleMs;
      while (this.idle.length > this.kept && (this.idle[0] as Idle).since < before)
        this.drop((this.idle.shift() as Idle).isolate);
      this.scheduleSweep();
    }, idleMs);
    this.sweep.unref();
  }
}
