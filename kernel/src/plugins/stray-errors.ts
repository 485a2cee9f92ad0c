/**
 * Purpose: traces errors that no promise of a plugin carried (a throw in a timer, a rejection that nobody awaits) to the code that caused
 * them, for plugins that run in this process: to an attempt, or to loading or starting the plugin.
 * Owns: the process's capture callback while any host needs it. An error that belongs to no plugin ends the process, as it would without.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { LlmteamError, type Logger, type StepContext, toErrorInfo } from '@llmteam/contracts';
import { executionOf } from '../runtime/handler-context.js';
import { strayedMessage } from './stray-message.js';

/** What a plugin does, and whose log is told of it. */
export interface Doing {
  readonly plugin: string;
  readonly log: Logger;
}

export interface Attempted extends Doing {
  readonly context: StepContext;
}

/** One call of a plugin's code. */
interface Call extends Doing {
  /** Null while it is loaded or started. */
  readonly context: StepContext | null;
  isRunning: boolean;
  readonly fail: (thrown: unknown) => void;
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

  /** What the handler of an attempt returns; rejects as soon as its code throws elsewhere. */
  watch<T>(attempted: Attempted, work: () => Promise<T>): Promise<T> {
    const failure = (thrown: unknown) =>
      new LlmteamError('STEP_FAILED', `outside of the handler's promise: ${toErrorInfo(thrown).error_message}`);
    return this.call(attempted, failure, work);
  }

  /** The same for loading and starting a plugin. What its code throws later, in a timer for example, is logged with its name. */
  watchPlugin<T>(doing: Doing, work: () => Promise<T>): Promise<T> {
    const failure = (thrown: unknown) => new Error(`it ${strayedMessage(toErrorInfo(thrown).error_message)}`);
    return this.call({ ...doing, context: null }, failure, work);
  }

  private async call<T>(
    doing: Pick<Call, 'plugin' | 'log' | 'context'>,
    failure: (thrown: unknown) => Error,
    work: () => Promise<T>,
  ): Promise<T> {
    let fail: Call['fail'] = () => undefined;
    const strayed = new Promise<never>((_, reject) => {
      fail = (thrown) => reject(failure(thrown));
    });
    const call: Call = { ...doing, isRunning: true, fail };
    try {
      return await Promise.race([this.calls.run(call, work), strayed]);
    } finally {
      call.isRunning = false;
    }
  }

  private trace(thrown: unknown): void {
    const call = this.calls.getStore();
    if (call === undefined) return this.leave(thrown);
    const { plugin, log, isRunning } = call;
    const error = toErrorInfo(thrown);
    log.error({ plugin, ...placeOf(call), error, is_running: isRunning }, strayedLog(call));
    if (isRunning) call.fail(thrown);
  }

  /** The attempt that called `process.exit` takes the blame, so that the others' deliveries do not count as lost. */
  private readonly onExit = (): void => {
    const call = this.calls.getStore();
    if (call === undefined) return;
    if (call.context !== null) executionOf(call.context).onBlame();
    call.log.error({ plugin: call.plugin, ...placeOf(call) }, 'a plugin ended the process');
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

function strayedLog({ context }: Call): string {
  return context === null ? 'a plugin threw outside of its handlers' : 'a plugin threw outside of its handler';
}

function placeOf({ context }: Call): object {
  if (context === null) return {};
  const { run_id, step_id, attempt } = context;
  return { run_id, step_id, attempt };
}

/** A process has one callback, whatever hosts it has. */
export const strayErrors = new StrayErrors();
