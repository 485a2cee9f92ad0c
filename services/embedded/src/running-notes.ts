/**
 * Purpose: keeps the crash note of a store up to date while this process owns it.
 * Owns: when it is written. Does not own: what counts against whom (crash-counts.ts).
 *
 * No job costs a write at high rates: after one, the next is at least 100 ms later. So a job that is alone is noted as it starts, and of
 * thousands per second those that run for longer than a moment. After a crash every start is noted for a minute, so that whatever kills the
 * process in its first moment is known the next time. At `exit` the note is written a last time, with the culprit if it is known; it cannot be
 * when the process is killed.
 */
import { randomUUID } from 'node:crypto';
import type { Logger } from '@llmteam/contracts';
import type { RunningAttempt, RunningAttempts } from '@llmteam/kernel';
import { NoteWriter, noted } from './crash-note.js';

const gapMs = 100;
const watchfulMs = 60_000;
/** A person left at once, with a second Ctrl-C: no attempt is to blame. */
const interruptedCode = 130;

export interface RunningNotesOptions {
  readonly folder: string;
  readonly running: RunningAttempts;
  readonly log: Logger;
  /** The last owner of the store crashed. */
  readonly afterCrash: boolean;
}

export class RunningNotes {
  private readonly writer: NoteWriter;
  private readonly watchfulUntil: number;
  private readonly unsubscribe: () => void;
  private gap: NodeJS.Timeout | null = null;
  private isDirty = false;
  private hasRun = false;
  private hasFailed = false;
  /** What ran when an error reached the top: the rest of the process goes on for a moment. */
  private atCrash: readonly RunningAttempt[] | null = null;

  constructor(private readonly options: RunningNotesOptions) {
    this.writer = new NoteWriter(options.folder, randomUUID());
    this.watchfulUntil = options.afterCrash ? performance.now() + watchfulMs : 0;
    this.unsubscribe = options.running.onChange(() => this.changed());
    process.on('exit', this.exiting);
    process.on('uncaughtExceptionMonitor', this.crashing);
  }

  /** The store is closed in order. */
  close(): void {
    process.off('exit', this.exiting);
    process.off('uncaughtExceptionMonitor', this.crashing);
    this.unsubscribe();
    if (this.gap !== null) clearTimeout(this.gap);
    // If nothing ran here, the next to run something still follows a crash.
    if (this.hasRun) this.writer.remove();
  }

  private changed(): void {
    this.isDirty = true;
    this.hasRun = true;
    if (this.gap !== null && (this.watchfulUntil === 0 || performance.now() > this.watchfulUntil)) return;
    this.write();
    if (this.gap === null) this.beginGap();
  }

  private beginGap(): void {
    this.gap = setTimeout(() => {
      this.gap = null;
      if (!this.isDirty) return;
      this.write();
      this.beginGap();
    }, gapMs);
    this.gap.unref();
  }

  private write(attempts = this.options.running.list()): void {
    this.isDirty = false;
    const { blame } = this.options.running;
    try {
      this.writer.write(Date.now(), attempts.map(noted), blame === null ? null : noted(blame));
    } catch (err) {
      if (!this.hasFailed)
        this.options.log.warn({ err }, 'what runs cannot be noted: a crash will count against no step');
      this.hasFailed = true;
    }
  }

  private readonly crashing = (): void => {
    this.atCrash ??= this.options.running.list();
  };

  private readonly exiting = (code: number): void => {
    if (!this.hasRun) return;
    if (code === interruptedCode) this.writer.remove();
    else this.write(this.atCrash ?? undefined);
  };
}
