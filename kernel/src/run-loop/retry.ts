import { type Clock, is_llmteam_error, type Logger } from '@llmteam/contracts';

const first_pause_ms = 50;
const longest_pause_ms = 2_000;
/** The store as a whole is in trouble; a single value that is missing is not that. */
const outages: ReadonlySet<string> = new Set(['BACKEND_UNREACHABLE', 'STORE_FAILED', 'STORE_FULL', 'STORE_LOCKED']);

/**
 * Repeats what the backend refuses for the moment: nothing that was decided may be lost because a disk was full for a second.
 * After `patience_ms` without success it gives up, and whoever runs the loop is told. Once it is stopped it begins nothing more.
 */
export class Retry {
  private is_stopped = false;
  private has_given_up = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly patience_ms: number,
    private readonly give_up: (error: unknown) => void,
  ) {}

  /** What it was asked to repeat may be left undone. */
  get is_over(): boolean {
    return this.is_stopped || this.has_given_up;
  }

  /** Never rejects: resolves once `work` did, or never after `stop` or giving up. */
  until_kept(work: () => Promise<unknown>): Promise<void> {
    if (this.is_stopped) return never();
    return work().then(nothing, (refused: unknown) => this.repeat(work, refused));
  }

  private async repeat(work: () => Promise<unknown>, refused: unknown): Promise<void> {
    const began = this.clock.now();
    let error = refused;
    for (let pause = first_pause_ms; ; pause = Math.min(2 * pause, longest_pause_ms)) {
      if (this.is_stopped || (is_llmteam_error(error) && error.code === 'CLOSED')) return await never();
      const may_pass = is_llmteam_error(error) && error.recoverable;
      if (!may_pass || this.clock.now() - began >= this.patience_ms) {
        this.has_given_up = true;
        this.give_up(error);
        return await never();
      }
      this.log.warn({ err: error, pause_ms: pause }, 'the store refused an append; trying again');
      await this.wait(pause);
      if (this.is_stopped) return await never();
      try {
        await work();
        return;
      } catch (thrown) {
        error = thrown;
      }
    }
  }

  /** What `work` gives, tried again for as long as the store is out of order. @throws whatever else `work` throws */
  async past_outages<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let pause = first_pause_ms; ; pause = Math.min(2 * pause, longest_pause_ms)) {
      try {
        return await work();
      } catch (error) {
        if (this.is_stopped || !is_llmteam_error(error) || !outages.has(error.code)) throw error;
        this.log.warn({ err: error, pause_ms: pause }, 'the store could not be read; trying again');
        await this.wait(pause);
      }
    }
  }

  stop(): void {
    this.is_stopped = true;
  }

  private wait(pause_ms: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(pause_ms, resolve));
  }
}

function nothing(): undefined {
  return undefined;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
