/** Waits of one play. Each names what it waits for, and the first thing that goes wrong ends them all. */
export class Progress {
  private readonly waits = new Set<() => void>();
  private failure: Error | null = null;

  constructor(
    /** How long one thing may take, in real time. */
    private readonly patienceMs: number,
  ) {}

  /** Resolves once it is so. @throws if something went wrong, or if it does not become so in time: then with what is missing. */
  async until(isSo: () => boolean, missing: () => string): Promise<void> {
    this.check();
    if (isSo()) return;
    await new Promise<void>((resolve, reject) => {
      const settle = (settled: () => void): void => {
        clearInterval(poll);
        clearTimeout(deadline);
        this.waits.delete(look);
        settled();
      };
      const look = (): void => {
        if (this.failure !== null) settle(() => reject(this.failure));
        else if (isSo()) settle(resolve);
      };
      const poll = setInterval(look, pollMs);
      const deadline = setTimeout(() => settle(() => reject(new Error(missing()))), this.patienceMs);
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
const pollMs = 5;
