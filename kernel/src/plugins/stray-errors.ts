/**
 * Purpose: traces errors that no promise of a handler carried (a throw in a timer, a rejection that nobody awaits) to the attempt whose code
 * caused them, for plugins that run in this process.
 * Owns: the process's capture callback while any host needs it. An error that belongs to no attempt ends the process, as it would without.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { LlmteamError, type Logger, type StepContext, toErrorInfo } from '@llmteam/contracts';
import { executionOf } from '../runtime/handler-context.js';

export interface Attempted {
  readonly plugin: string;
  readonly context: StepContext;
  readonly log: Logger;
}

/** One call of a handler. */
interface Call extends Attempted {
  isRunning: boolean;
  readonly fail: (error: LlmteamError) => void;
}

class StrayErrors {
  private readonly calls = new AsyncLocalStorage<Call>();
  private readonly hosts = new Set<object>();
  /** Somebody else may have been first. */
  private isCapturing = false;

  /** A rejection that nobody handles arrives as an exception too, unless somebody listens for those. */
  install(host: object): void {
    if (this.hosts.size === 0) {
      this.isCapturing = !process.hasUncaughtExceptionCaptureCallback();
      if (this.isCapturing) process.setUncaughtExceptionCaptureCallback((thrown) => this.trace(thrown));
      process.prependListener('exit', this.onExit);
    }
    this.hosts.add(host);
  }

  uninstall(host: object): void {
    if (!this.hosts.delete(host) || this.hosts.size > 0) return;
    process.off('exit', this.onExit);
    if (this.isCapturing) process.setUncaughtExceptionCaptureCallback(null);
  }

  /** What `work` returns; rejects as soon as its code throws elsewhere. */
  async watch<T>({ plugin, log, context }: Attempted, work: () => Promise<T>): Promise<T> {
    let fail: Call['fail'] = () => undefined;
    const strayed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    const call: Call = { plugin, log, context, isRunning: true, fail };
    try {
      return await Promise.race([this.calls.run(call, work), strayed]);
    } finally {
      call.isRunning = false;
    }
  }

  private trace(thrown: unknown): void {
    const call = this.calls.getStore();
    if (call === undefined) return this.leave(thrown);
    const { run_id, step_id, attempt } = call.context;
    const { plugin, log, isRunning } = call;
    const error = toErrorInfo(thrown);
    log.error(
      { plugin, run_id, step_id, attempt, error, is_running: isRunning },
      'a plugin threw outside of its handler',
    );
    const message = `outside of the handler's promise: ${error.error_message}`;
    if (isRunning) call.fail(new LlmteamError('STEP_FAILED', message));
  }

  /** The attempt that called `process.exit` takes the blame, so that the others' deliveries do not count as lost. */
  private readonly onExit = (): void => {
    const call = this.calls.getStore();
    if (call === undefined) return;
    executionOf(call.context).onBlame();
    const { run_id, step_id, attempt } = call.context;
    call.log.error({ plugin: call.plugin, run_id, step_id, attempt }, 'a plugin ended the process');
  };

  /** As if nobody had captured it. */
  private leave(thrown: unknown): void {
    this.hosts.clear();
    process.setUncaughtExceptionCaptureCallback(null);
    setImmediate(() => {
      throw thrown;
    });
  }
}

/** A process has one callback, whatever hosts it has. */
export const strayErrors = new StrayErrors();
