/**
 * Purpose: asks questions on the terminal of a live display, one at a time.
 * Owns: standard input while a question is open; the display pauses meanwhile. Does not own: what is asked.
 */
import { createInterface } from 'node:readline/promises';
import type { Settings } from '../settings.js';
import type { LiveDisplay } from './live-display.js';

export class Dialog {
  private last: Promise<unknown> = Promise.resolve();
  private current: AbortController | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly display: LiveDisplay,
    private readonly onInterrupt: () => void,
  ) {}

  /** Runs a conversation once those before it are over, with the display paused. */
  hold<T>(converse: (ask: Ask) => Promise<T>): Promise<T> {
    const talk = async (): Promise<T> => {
      this.display.pause();
      try {
        return await converse((question, signal) => this.ask(question, signal));
      } finally {
        this.display.resume();
      }
    };
    const held = this.last.then(talk);
    this.last = held.catch(() => undefined);
    return held;
  }

  /** Ends the question that is open; it is answered with null. */
  dismiss(): void {
    this.current?.abort();
  }

  private async ask(question: string, signal?: AbortSignal): Promise<string | null> {
    const { stderr } = this.settings.streams;
    const dismissed = new AbortController();
    this.current = dismissed;
    const reader = createInterface({ input: process.stdin, output: stderr });
    const closed = new Promise<null>((resolve) => reader.once('close', () => resolve(null)));
    reader.on('SIGINT', () => this.onInterrupt());
    const stop = signal === undefined ? dismissed.signal : AbortSignal.any([signal, dismissed.signal]);
    try {
      return await Promise.race([reader.question(question, { signal: stop }), closed]);
    } catch {
      // Dismissed.
      stderr.write('\n');
      return null;
    } finally {
      this.current = null;
      reader.close();
    }
  }
}

/** Resolves to null if the question is dismissed or the input ends. */
export type Ask = (question: string, signal?: AbortSignal) => Promise<string | null>;
