/** The waits of one staged run. Each names what it waits for, and the first failure rejects all of them. */
export class Progress {
  private readonly waits = new Set<() => void>();
  private failure: Error | null = null;

  constructor(
    /** Timeout of one wait, in real time. */
    private readonly patienceMs: number,
  ) {}

  /** Resolves once the condition holds. @throws if something failed, or on timeout with what is missing */
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

  /** Rechecks the waits after something happened. */
  changed(): void {
    for (const look of [...this.waits]) look();
  }

  fail(error: Error): void {
    this.failure ??= error;
    this.changed();
  }

  /** @throws the first failure, if any */
  check(): void {
    if (this.failure !== null) throw this.failure;
  }
}

/** For state that changes without a notification. */
const pollMs = 5;
