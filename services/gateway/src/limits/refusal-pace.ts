const perTurn = 8;
const mostWaiting = 10_000;

/**
 * Lets refusals out a few per turn of the event loop. Refusing costs about as much as serving a small request, so a tenant far beyond its
 * limits would otherwise fill whole turns that the requests of others have to wait for. On an idle process turns are short and nothing is
 * noticeably delayed.
 */
export class RefusalPace {
  private readonly waiting: (() => void)[] = [];
  private isScheduled = false;

  constructor(private readonly nextTurn: (work: () => void) => void = setImmediate) {}

  /** Resolves when a refusal may be sent: at once if too many wait already, since they hold memory. */
  async turn(): Promise<void> {
    if (this.waiting.length >= mostWaiting) return;
    await new Promise<void>((resolve) => {
      this.waiting.push(resolve);
      this.schedule();
    });
  }

  private schedule(): void {
    if (this.isScheduled || this.waiting.length === 0) return;
    this.isScheduled = true;
    this.nextTurn(() => {
      this.isScheduled = false;
      for (const resolve of this.waiting.splice(0, perTurn)) resolve();
      this.schedule();
    });
  }
}
