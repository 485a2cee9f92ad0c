/** How many must be on their way for the time between two acknowledgements to tell how fast the server is. */
const least_in_flight = 8;
/** A server that syncs every write takes longer than this for each message, one that does not a fraction of it. */
const slow_ms = 0.3;
const weight = 0.1;
const forget_ms = 30_000;

/** Judges by the acknowledgements whether the server is slow per message, as one is that syncs each of them to disk. */
export class AckPace {
  private interval_ms = 0;
  /** The last acknowledgement, or since when enough are on their way. */
  private since = 0;
  private in_flight = 0;
  private judged_at = 0;

  get is_slow(): boolean {
    if (this.interval_ms <= slow_ms) return false;
    if (performance.now() - this.judged_at < forget_ms) return true;
    // Look again now and then: the server may have been busy, or be another one.
    this.interval_ms = 0;
    return false;
  }

  sent(): void {
    this.in_flight++;
    // The time before was nobody's waiting time.
    if (this.in_flight === least_in_flight) this.since = performance.now();
  }

  acknowledged(): void {
    const now = performance.now();
    if (this.in_flight-- >= least_in_flight) {
      this.interval_ms += weight * (now - this.since - this.interval_ms);
      this.judged_at = now;
    }
    this.since = now;
  }

  /** No acknowledgement came, which tells nothing of how fast they come. */
  given_up(): void {
    this.in_flight--;
    this.since = performance.now();
  }
}
