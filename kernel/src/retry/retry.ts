import { type Clock, isLlmteamError, type Logger } from '@llmteam/contracts';

const initialDelayMs = 50;
const maxDelayMs = 2_000;
/** Errors that mean the store as a whole is unavailable, rather than a single value. */
const outages: ReadonlySet<string> = new Set(['BACKEND_UNREACHABLE', 'STORE_FAILED', 'STORE_FULL', 'STORE_LOCKED']);

/**
 * Retries recoverable errors of the backend with exponential backoff, so that no decision is lost because a disk was full for a
 * second. After `timeoutMs` without success it fails permanently and calls `onFailure`. Once stopped, it starts no more attempts.
 */
export class Retry {
  private isStopped = false;
  private hasFailed = false;

  constructor(
    private readonly clock: Clock,
    private readonly log: Logger,
    private readonly timeoutMs: number,
    private readonly onFailure: (error: unknown) => void,
  ) {}

  /** Whether it was stopped or has failed, so that pending work may never be done. */
  get isOver(): boolean {
    return this.isStopped || this.hasFailed;
  }

  /** Resolves once `work` succeeds. Never rejects, and never settles after `stop` or a permanent failure. */
  untilKept(work: () => Promise<unknown>): Promise<void> {
    if (this.isStopped) return never();
    return work().then(nothing, (error: unknown) => this.repeat(work, error));
  }

  private async repeat(work: () => Promise<unknown>, firstError: unknown): Promise<void> {
    const startedAt = this.clock.now();
    let error = firstError;
    for (let pause = initialDelayMs; ; pause = Math.min(2 * pause, maxDelayMs)) {
      if (this.isStopped || (isLlmteamError(error) && error.code === 'CLOSED')) return await never();
      const isRecoverable = isLlmteamError(error) && error.recoverable;
      if (!isRecoverable || this.clock.now() - startedAt >= this.timeoutMs) {
        this.hasFailed = true;
        this.onFailure(error);
        return await never();
      }
      this.log.warn({ err: error, pauseMs: pause }, 'the store refused an append; retrying');
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

  /** Returns the result of `work`, retried without limit while the store is unavailable. @throws any other error of `work` */
  async pastOutages<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let pause = initialDelayMs; ; pause = Math.min(2 * pause, maxDelayMs)) {
      try {
        return await work();
      } catch (error) {
        if (this.isStopped || !isLlmteamError(error) || !outages.has(error.code)) throw error;
        this.log.warn({ err: error, pauseMs: pause }, 'the store could not be read; retrying');
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
