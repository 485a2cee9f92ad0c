type Phase = 'catching_up' | 'live' | 'draining' | 'stopped' | 'fenced';

/**
 * Purpose: what a loop may do now. The only place that says so: its parts ask, and change nothing of their own.
 *
 *   catching_up ─▶ live ─▶ draining     stopped while live: what was applied may still be checkpointed
 *        │          └────▶ fenced       another process may own the partition: nothing is written any more
 *        └──▶ stopped, fenced
 */
export class LoopState {
  private phase: Phase = 'catching_up';
  private isWholePartition = false;
  private isSuperseded = false;
  private readonly aborter = new AbortController();
  private readonly waiting = new Set<() => void>();

  /** The loop has caught up, so effects are performed; before, they may have been performed already. */
  get isLive(): boolean {
    return this.phase === 'live' || this.phase === 'draining';
  }

  /** No effect is begun any more. */
  get isStopped(): boolean {
    return this.aborter.signal.aborted;
  }

  get isFenced(): boolean {
    return this.phase === 'fenced';
  }

  /** Aborts when the loop stops. */
  get signal(): AbortSignal {
    return this.aborter.signal;
  }

  /** Every run of the partition is driven here, not only adopted ones. */
  get drivesPartition(): boolean {
    return this.isWholePartition;
  }

  /** The partition is checkpointed here. */
  get writesCheckpoints(): boolean {
    return this.isWholePartition && !this.isSuperseded && !this.isFenced;
  }

  drivePartition(): void {
    this.isWholePartition = true;
  }

  goLive(): void {
    if (this.phase === 'catching_up') this.phase = 'live';
  }

  /** Another loop has taken over the checkpoints of the partition. */
  supersede(): void {
    this.isSuperseded = true;
  }

  /** `fence`: this process may own the partition no longer. */
  stop({ fence }: { readonly fence: boolean }): void {
    if (fence) this.phase = 'fenced';
    else if (!this.isStopped) this.phase = this.phase === 'live' ? 'draining' : 'stopped';
    this.aborter.abort();
    for (const wake of this.waiting) wake();
    this.waiting.clear();
  }

  /** Settles as `work` does, or resolves as soon as the loop stops: what it waits for may never come. */
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
