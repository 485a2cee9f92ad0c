/** Stopping, for a loop that waits: what it waits for may never come. */
export class StopSignal {
  private readonly aborter = new AbortController();
  private readonly waiting = new Set<() => void>();

  get isStopped(): boolean {
    return this.aborter.signal.aborted;
  }

  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  stop(): void {
    this.aborter.abort();
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  /** Resolves or rejects as `work` does, or resolves once stopped. */
  unlessStopped(work: Promise<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.isStopped) resolve();
      this.waiting.add(resolve);
      work.then(
        () => {
          this.waiting.delete(resolve);
          resolve();
        },
        (error: unknown) => {
          this.waiting.delete(resolve);
          reject(error);
        },
      );
    });
  }
}
