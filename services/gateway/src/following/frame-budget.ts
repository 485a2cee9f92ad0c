/** The memory for the latest events of followed runs: a large share per run while memory lasts, a small one after that. */
export class FrameBudget {
  private used = 0;

  constructor(
    private readonly allBytes: number,
    private readonly mostPerRun: number,
    private readonly leastPerRun: number,
  ) {}

  take(bytes: number): void {
    this.used += bytes;
  }

  release(bytes: number): void {
    this.used -= bytes;
  }

  /** Whether a run that keeps this many bytes must drop some. */
  isTooMuch(bytes: number): boolean {
    return bytes > (this.used > this.allBytes ? this.leastPerRun : this.mostPerRun);
  }
}
