import { type Clock, is_llmteam_error, type Logger } from '@llmteam/contracts';

const first_pause_ms = 50;
const longest_pause_ms = 2_000;

/**
 * Repeats what the backend refuses for the moment: nothing that was decided may be lost because a disk was full for a second.
 * After `patience_ms` without success it gives up, and whoever runs the loop is told.
 */
export class Retry {
  private is_stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly patience_ms: number,
    private readonly give_up: (error: unknown) => void,
  ) {}

  /** Never rejects: resolves once `work` did, or never after `stop` or giving up. */
  async until_kept(work: () => Promise<unknown>): Promise<void> {
    const began = this.clock.now();
    for (let pause = first_pause_ms; ; pause = Math.min(2 * pause, longest_pause_ms)) {
      try {
        await work();
        return;
      } catch (error) {
        if (this.is_stopped || (is_llmteam_error(error) && error.code === 'CLOSED')) return await never();
        const may_pass = is_llmteam_error(error) && error.recoverable;
        if (!may_pass || this.clock.now() - began >= this.patience_ms) {
          this.give_up(error);
          return await never();
        }
        this.log.warn({ err: error, pause_ms: pause }, 'the store refused an append; trying again');
        await new Promise<void>((resolve) => this.clock.after(pause, resolve));
      }
    }
  }

  stop(): void {
    this.is_stopped = true;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
