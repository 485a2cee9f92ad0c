/** Waits of one play. Each names what it waits for, and the first thing that goes wrong ends them all. */
export class Progress {
  private readonly waits = new Set<() => void>();
  private failure: Error | null = null;

  constructor(
    /** How long one thing may take, in real time. */
    private readonly patience_ms: number,
  ) {}

  /** Resolves once it is so. @throws if something went wrong, or if it does not become so in time: then with what is missing. */
  async until(is_so: () => boolean, missing: () => string): Promise<void> {
    this.check();
    if (is_so()) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (settled: () => void): void => {
        clearInterval(poll);
        clearTimeout(deadline);
        this.waits.delete(look);
        settled();
      };
      const look = (): void => {
        if (this.failure !== null) settle(() => reject(this.failure));
        else if (is_so()) settle(resolve);
      };
      const poll = setInterval(look, poll_ms);
      const deadline = setTimeout(() => settle(() => reject(new Error(missing()))), this.patience_ms);
      this.waits.add(look);
    });
  }

  /** Something happened that somebody may have waited for. */
  changed(): void {
    for (const look of [...this.waits]) look();
  }

  fail(error: Error): void {
    this.failure ??= error;
    this.changed();
  }

  /** @throws what went wrong, if anything did */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }
}

/** For what changes without telling. */
const poll_ms = 5;
