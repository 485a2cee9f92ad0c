import { spareTurns } from '@llmteam/kernel';

const sliceMs = 5;

/** Readers that are ready for more take turns, a few milliseconds of them per spare turn of the event loop. */
export class SendTurns {
  private readonly waiting = new Set<() => void>();
  private isScheduled = false;

  /** Calls `send` soon, once. */
  add(send: () => void): void {
    this.waiting.add(send);
    this.schedule();
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.size === 0) return;
    this.isScheduled = true;
    void spareTurns.next().then(() => {
      this.isScheduled = false;
      this.run();
      this.schedule();
    });
  }

  private run(): void {
    const began = performance.now();
    for (const send of this.waiting) {
      this.waiting.delete(send);
      send();
      if (performance.now() - began > sliceMs) return;
    }
  }
}
