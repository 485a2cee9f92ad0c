/** Memory for the last events of followed runs: generous while there is room, little for each when there is not. */
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

  /** Whether a run that keeps so much must let go of some. */
  isTooMuch(bytes: number): boolean {
    return bytes > (this.used > this.allBytes ? this.leastPerRun : this.mostPerRun);
  }
}
