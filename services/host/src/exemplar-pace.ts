/** How often a bucket gets a new exemplar: whoever looks at a graph needs one that is recent, and each costs as much as an observation. */
const everyMs = 200;

export class ExemplarPace {
  /** By bucket, the last one for what is beyond all of them. */
  private readonly setAt: number[];

  constructor(private readonly buckets: readonly number[]) {
    this.setAt = Array.from({ length: buckets.length + 1 }, () => Number.NEGATIVE_INFINITY);
  }

  /** Whether the bucket of a value is due for an exemplar; if so, this one counts. */
  take(value: number, nowMs: number): boolean {
    const found = this.buckets.findIndex((bound) => value <= bound);
    const bucket = found < 0 ? this.buckets.length : found;
    if (nowMs - (this.setAt[bucket] as number) < everyMs) return false;
    this.setAt[bucket] = nowMs;
    return true;
  }
}
