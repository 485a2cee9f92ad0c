/** How long attempts run, by queue: a mean in which those of the last minute count most. */

/** After this time an attempt counts for a third of a new one. */
const memoryMs = 60_000;

interface Weighed {
  seconds: number;
  attempts: number;
  at: number;
}

export class RunTimes {
  private readonly byQueue = new Map<string, Weighed>();

  note(queue: string, seconds: number, now: number): void {
    const known = this.byQueue.get(queue);
    if (known === undefined) {
      this.byQueue.set(queue, { seconds, attempts: 1, at: now });
      return;
    }
    const kept = Math.exp(-Math.max(0, now - known.at) / memoryMs);
    known.seconds = known.seconds * kept + seconds;
    known.attempts = known.attempts * kept + 1;
    known.at = now;
  }

  /** Of queues that have had an attempt. */
  means(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.byQueue].map(([queue, { seconds, attempts }]) => [queue, seconds / attempts]));
  }
}
