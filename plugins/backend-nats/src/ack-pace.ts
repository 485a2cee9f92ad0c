/** With fewer on their way the time goes by waiting for each other, not for the server. */
const least_in_flight = 8;
/**
 * A server that syncs every write to a disk of ordinary speed needs longer than this for each message. One that does not needs a
 * hundredth of it, but shows a tenth when its machine is busy; batches would slow that one down.
 */
const slow_ms = 0.6;
const weight = 0.1;
const forget_ms = 30_000;

/** A message on its way. */
export interface Underway {
  readonly sent_at: number;
  /** How many were on their way with it. */
  readonly in_flight: number;
}

/**
 * Judges by the acknowledgements whether the server is slow per message, as one is that syncs each of them to disk: who waits in a queue
 * of N waits for N of them. Acknowledgements come in bunches, so the time between two of them tells nothing.
 */
export class AckPace {
  private per_message_ms = 0;
  private in_flight = 0;
  private judged_at = 0;

  get is_slow(): boolean {
    if (this.per_message_ms <= slow_ms) return false;
    if (performance.now() - this.judged_at < forget_ms) return true;
    // Look again now and then: the server may have been busy, or be another one.
    this.per_message_ms = 0;
    return false;
  }

  sent(): Underway {
    return { sent_at: performance.now(), in_flight: ++this.in_flight };
  }

  acknowledged({ sent_at, in_flight }: Underway): void {
    this.in_flight--;
    if (in_flight < least_in_flight) return;
    this.judged_at = performance.now();
    this.per_message_ms += weight * ((this.judged_at - sent_at) / in_flight - this.per_message_ms);
  }

  /** No acknowledgement came, which tells nothing of how fast they come. */
  given_up(): void {
    this.in_flight--;
  }
}
