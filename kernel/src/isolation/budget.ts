const secondMs = 1_000;

/** How much of something there may be in a second. */
export class Budget {
  private left: number;
  private until = 0;

  constructor(private readonly perSecond: number) {
    this.left = perSecond;
  }

  /** Whether there was so much left; it is spent then. */
  spend(amount: number): boolean {
    const now = performance.now();
    if (now >= this.until) {
      this.until = now + secondMs;
      this.left = this.perSecond;
    }
    this.left -= amount;
    return this.left >= 0;
  }

  /** Milliseconds until there is more. */
  get waitMs(): number {
    return Math.max(0, this.until - performance.now());
  }
}
