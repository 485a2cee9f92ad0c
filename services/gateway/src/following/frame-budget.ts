/** Memory for the last events of followed runs: generous while there is room, little for each when there is not. */
export class FrameBudget {
  private used = 0;

  constructor(
    private readonly all_bytes: number,
    private readonly most_per_run: number,
    private readonly least_per_run: number,
  ) {}

  take(bytes: number): void {
    this.used += bytes;
  }

  give_back(bytes: number): void {
    this.used -= bytes;
  }

  /** Whether a run that keeps so much must let go of some. */
  is_too_much(bytes: number): boolean {
    return bytes > (this.used > this.all_bytes ? this.least_per_run : this.most_per_run);
  }
}
