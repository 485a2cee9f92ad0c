/**
 * Purpose: isolates of one plugin: as many as there is work at a time.
 * Owns: opening, keeping and closing them, and who waits for one. Only a few are opened at a time: each takes processor time to start, and a
 * short step is done sooner by one that is given back. Does not own: the number of attempts at a time, which the worker's concurrency bounds.
 */
import { availableParallelism } from 'node:os';
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
  /** Hears of one that ended, or had to be ended, while it was asked nothing. */
  readonly lost: (isolate: Isolate) => void;
}

interface Idle {
  readonly isolate: Isolate;
  readonly since: number;
}

interface Waiting {
  readonly resolve: (isolate: Isolate) => void;
  readonly reject: (error: unknown) => void;
}

const defaultIdleMs = 60_000;
const checkMs = 1_000;
const mostOpening = Math.max(2, availableParallelism());

export class IsolatePool {
  /** The one used last is used next: the others may go. */
  private readonly idle: Idle[] = [];
  private readonly all = new Set<Isolate>();
  private readonly waiting: Waiting[] = [];
  private readonly opening = new Set<Promise<void>>();
  private sweep: NodeJS.Timeout | null = null;
  private check: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(private readonly options: IsolatePoolOptions) {}

  /** Adds one that was opened elsewhere. */
  add(isolate: Isolate): void {
    this.all.add(isolate);
    this.give(isolate);
  }

  /** @throws Error of the plugin that does not start; LlmteamError `CANCELLED` if it was stopped meanwhile */
  take(): Promise<Isolate> {
    for (let next = this.idle.pop(); next !== undefined; next = this.idle.pop()) {
      if (next.isolate.isUsable) return Promise.resolve(next.isolate);
      this.lose(next.isolate);
    }
    return new Promise((resolve, reject) => {
      if (this.isClosed) return reject(stopped());
      this.waiting.push({ resolve, reject });
      this.openMore();
    });
  }

  /** Takes one back. One that is no longer usable is replaced, so that the next attempt need not wait. */
  give(isolate: Isolate): void {
    if (!isolate.isUsable || this.isClosed) {
      this.drop(isolate);
      if (this.idle.length === 0) this.openAhead();
      return;
    }
    const next = this.waiting.shift();
    if (next !== undefined) return next.resolve(isolate);
    this.idle.push({ isolate, since: performance.now() });
    this.scheduleSweep();
    this.scheduleCheck();
  }

  /** Closes all; those at work are ended. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.sweep !== null) clearTimeout(this.sweep);
    if (this.check !== null) clearTimeout(this.check);
    for (const one of this.waiting.splice(0)) one.reject(stopped());
    await Promise.all(this.opening);
    const closed = [...this.all].map((isolate) => isolate.close());
    const failed = (await Promise.allSettled(closed)).find((one) => one.status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  private get kept(): number {
    return this.options.isReady ? 1 : 0;
  }

  private openAhead(): void {
    if (this.options.isReady && !this.isClosed && this.opening.size === 0) this.open();
  }

  /** As many as are waited for, a few at a time. */
  private openMore(): void {
    while (!this.isClosed && this.opening.size < Math.min(mostOpening, this.waiting.length)) this.open();
  }

  private open(): void {
    const opened: Promise<void> = this.options.open().then(
      (isolate) => this.opened(opened, isolate),
      (err: unknown) => this.failed(opened, err),
    );
    this.opening.add(opened);
  }

  private opened(opened: Promise<void>, isolate: Isolate): void {
    this.opening.delete(opened);
    this.add(isolate);
    this.openMore();
  }

  /** Whoever has waited longest is told; for all others another one is tried. */
  private failed(opened: Promise<void>, err: unknown): void {
    this.opening.delete(opened);
    const first = this.waiting.shift();
    if (first !== undefined) first.reject(err);
    else if (!this.isClosed) this.options.log.warn({ err }, 'a plugin could not be started ahead of its next step');
    this.openMore();
  }

  private drop(isolate: Isolate): void {
    this.all.delete(isolate);
    isolate.close().catch((err: unknown) => this.options.log.warn({ err }, 'a plugin could not be stopped'));
  }

  private lose(isolate: Isolate): void {
    if (isolate.isGone) this.options.lost(isolate);
    this.drop(isolate);
  }

  /** Nobody waits for what the code of one that is idle does, but the next attempt would. */
  private scheduleCheck(): void {
    if (this.check !== null || this.isClosed || this.idle.length === 0) return;
    this.check = setTimeout(() => {
      this.check = null;
      for (const { isolate } of this.idle) isolate.checkIdle();
      const lost = this.idle.filter(({ isolate }) => !isolate.isUsable);
      for (const one of lost) {
        this.idle.splice(this.idle.indexOf(one), 1);
        this.lose(one.isolate);
      }
      if (lost.length > 0 && this.idle.length === 0) this.openAhead();
      this.scheduleCheck();
    }, checkMs);
    this.check.unref();
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

function stopped(): LlmteamError {
  return new LlmteamError('CANCELLED', 'the plugin was stopped');
}
