/**
 * Purpose: asks questions on the terminal of a live display, one at a time.
 * Owns: standard input while a question is open; the display pauses meanwhile. Does not own: what is asked.
 */
import { createInterface } from 'node:readline/promises';
import type { Settings } from '../settings.js';
import type { LiveDisplay } from './live-display.js';

export class Dialog {
  private readonly waiting: (() => Promise<void>)[] = [];
  private isTalking = false;
  private current: AbortController | null = null;

  constructor(
    private readonly settings: Settings,
    private readonly display: LiveDisplay,
    private readonly onInterrupt: () => void,
  ) {}

  /** Runs a conversation with the display paused, once those before it are over; an urgent one is the next. */
  hold(converse: (ask: Ask) => Promise<void>, { isUrgent = false }: { isUrgent?: boolean } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const talk = () => converse((question, signal) => this.ask(question, signal)).then(resolve, reject);
      if (isUrgent) this.waiting.unshift(talk);
      else this.waiting.push(talk);
      if (!this.isTalking) void this.talkAll();
    });
  }

  private async talkAll(): Promise<void> {
    this.isTalking = true;
    this.display.pause();
    for (let talk = this.waiting.shift(); talk !== undefined; talk = this.waiting.shift()) await talk();
    this.isTalking = false;
    this.display.resume();
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
