import { type Clock, isLlmteamError, type Logger } from '@llmteam/contracts';

const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** Errors of the store as a whole, not of a single missing value. */
const outages: ReadonlySet<string> = new Set(['BACKEND_UNREACHABLE', 'STORE_FAILED', 'STORE_FULL', 'STORE_LOCKED']);

/**
 * Retries what the backend refuses for the moment: no decision may be lost because a disk was full for a second. After `patienceMs`
 * without success it fails and calls `onFailure`. Once stopped it begins nothing more.
 */
export class Retry {
  private isStopped = false;
  private hasFailed = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly patienceMs: number,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Work it was given may be left undone. */
  get isOver(): boolean {
    return this.isStopped || this.hasFailed;
  }

  /** Never rejects. Resolves once `work` does; never after `stop` or a failure. */
  untilKept(work: () => Promise<unknown>): Promise<void> {
    if (this.isStopped) return never();
    return work().then(nothing, (refused: unknown) => this.repeat(work, refused));
  }

  private async repeat(work: () => Promise<unknown>, refused: unknown): Promise<void> {
    const began = this.clock.now();
    let error = refused;
    for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
      if (this.isStopped || (isLlmteamError(error) && error.code === 'CLOSED')) return await never();
      const mayPass = isLlmteamError(error) && error.recoverable;
      if (!mayPass || this.clock.now() - began >= this.patienceMs) {
        this.hasFailed = true;
        this.onFailure(error);
        return await never();
      }
      this.log.warn({ err: error, pauseMs: pause }, 'the store refused an append; trying again');
      await this.wait(pause);
      if (this.isStopped) return await never();
      try {
        await work();
        return;
      } catch (thrown) {
        error = thrown;
      }
    }
  }

  /** The result of `work`, retried for as long as the store is unavailable. @throws any other error of `work` */
  async pastOutages<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let pause = firstPauseMs; ; pause = Math.min(2 * pause, longestPauseMs)) {
      try {
        return await work();
      } catch (error) {
        if (this.isStopped || !isLlmteamError(error) || !outages.has(error.code)) throw error;
        this.log.warn({ err: error, pauseMs: pause }, 'the store could not be read; trying again');
        await this.wait(pause);
      }
    }
  }

  stop(): void {
    this.isStopped = true;
  }

  private wait(pauseMs: number): Promise<void> {
    return new Promise((resolve) => this.clock.after(pauseMs, resolve));
  }
}

function nothing(): undefined {
  return undefined;
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
