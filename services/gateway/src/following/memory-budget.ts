/** Memory that several users share: a large share each while it lasts, a small one after that. */
export class MemoryBudget {
  private usedBytes = 0;

  constructor(
    private readonly allBytes: number,
    private readonly mostEach: number,
    private readonly leastEach: number,
  ) {}

  get used(): number {
    return this.usedBytes;
  }

  take(bytes: number): void {
    this.usedBytes += bytes;
  }

  release(bytes: number): void {
    this.usedBytes -= bytes;
  }

  /** Whether a user of this many bytes uses more than its share. */
  isTooMuch(bytes: number): boolean {
    return bytes > (this.usedBytes > this.allBytes ? this.leastEach : this.mostEach);
  }
}
