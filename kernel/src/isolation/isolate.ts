/**
 * Purpose: one process or thread with the code of one plugin, as its host sees it.
 * Owns: asking and being answered, deadlines, noticing that it is stuck, too large or gone. Does not own: what is asked (attempt-relay.ts,
 * isolated-plugin.ts) and how many there are (isolate-pool.ts).
 * Invariants: it does one thing at a time (I1); what it is asked settles, whatever it does (I2); once it has done anything wrong it is not
 * used again (I3).
 */
import { type ErrorInfo, type JsonObject, LlmteamError, type Logger } from '@llmteam/contracts';
import { strayedMessage } from '../plugins/stray-message.js';
import { pluginLog } from '../runtime/plugin-log.js';
import { Budget } from './budget.js';
import { GivenAttempts } from './given-attempts.js';
import type { ChannelOptions, IsolateChannel, OpenChannel } from './isolate-channel.js';
import { type FromIsolate, logLevels, type PluginDescription, type ToIsolate } from './isolate-messages.js';
import { revivedError } from './revived-error.js';

export interface IsolateOptions extends ChannelOptions {
  readonly open: OpenChannel;
  /** The package, as written in the configuration. */
  readonly specifier: string;
  /** The module of the plugin. */
  readonly entry: string;
  /** Deadline of loading and starting. */
  readonly deadlineMs: number;
  readonly stopMs: number;
  /** How long it may not answer while it works. */
  readonly unresponsiveMs: number;
  /** For what its code logs and writes while it is asked nothing. */
  readonly log: Logger;
}

/** Who hears what an isolate tells while it works. */
export interface Listener {
  receive(message: FromIsolate): void;
  readonly log: Logger;
}

type Did = Extract<FromIsolate, { did: 'load' | 'start' | 'stop' | 'run' | 'generate' }>;
export type Answer<K extends Did['did']> = Extract<Did, { did: K }>;

/** What is going on; every message that is not its end is for `receive`. */
interface Task {
  readonly did: Did['did'] | 'listen';
  readonly resolve: (answer: FromIsolate) => void;
  readonly reject: (error: LlmteamError) => void;
  readonly listener: Listener;
  /** Its number, if it is an attempt or a call of a model. */
  readonly work: number | null;
}

/** It ended, or had to be ended, before it began what it was asked: nothing of that has been done. */
export class NotBegun extends LlmteamError {
  constructor(how: string) {
    super('STEP_CRASHED', how);
  }
}

/** Further ones are not told. */
const logsPerSecond = 1_000;
const watchMs = 250;
/** So often it is looked at before it is ended for not beginning: more than a second, and longer if this process is busy itself. */
const mostUnbegun = 5;
/** How long it may not answer while it has nothing to do. */
const idleUnresponsiveMs = 4_000;
/** Of code, stacks and buffers besides the heap that the limit is for. */
const ownBytes = 96 * 1024 * 1024;
/** An isolate whose heap stays this full is replaced before it fails. */
const fullShare = 0.7;
const bytesPerMb = 1024 * 1024;

export class Isolate {
  private readonly channel: IsolateChannel;
  private task: Task | null = null;
  private watch: NodeJS.Timeout | null = null;
  private unansweredSince: number | null = null;
  private why: string | null = null;
  private readonly logBudget = new Budget(logsPerSecond);
  private readonly attempts = new GivenAttempts();
  private isWorn = false;
  private works = 0;
  private hasStrayed = false;
  private begun = true;
  private endedHow: string | null = null;
  private readonly whenEnded: Promise<void>;
  private tellEnded: () => void = () => undefined;

  private constructor(private readonly options: IsolateOptions) {
    this.whenEnded = new Promise((resolve) => {
      this.tellEnded = resolve;
    });
    this.channel = options.open(options, {
      message: (text) => this.receive(text),
      line: (stream, text) => this.log[stream === 'stdout' ? 'info' : 'warn']({ stream }, text),
      ended: (how) => this.end(how),
    });
  }

  /** Starts one and loads the plugin. @throws Error that says what is wrong, to be told with the name of the plugin */
  static async open(options: IsolateOptions): Promise<{ isolate: Isolate; description: PluginDescription }> {
    const isolate = new Isolate(options);
    try {
      await isolate.within('load', isolate.expect('listen'));
      const { specifier, entry, hosts } = options;
      const { outcome } = await isolate.within('load', isolate.ask<'load'>({ do: 'load', specifier, entry, hosts }));
      if ('error' in outcome) throw ownError(outcome.error);
      return { isolate, description: outcome.value };
    } catch (error) {
      isolate.kill('was not loaded');
      throw error;
    }
  }

  /** It is not usable if that fails. @throws Error */
  async start(settings: JsonObject): Promise<void> {
    const { outcome } = await this.within('start', this.ask<'start'>({ do: 'start', settings }));
    if (!('error' in outcome)) return;
    this.kill('was not started');
    throw ownError(outcome.error);
  }

  /** Stops the plugin and ends it, at the latest at the deadline. @throws Error */
  async close(): Promise<void> {
    if (this.endedHow !== null) return;
    try {
      if (!this.isUsable) return;
      const { outcome } = await this.within('stop', this.ask<'stop'>({ do: 'stop' }));
      if ('error' in outcome) throw ownError(outcome.error);
    } finally {
      this.kill('was stopped');
      await this.whenEnded;
    }
  }

  /** Whether it may be given work. */
  get isUsable(): boolean {
    return this.why === null && this.endedHow === null && !this.isWorn && this.task === null;
  }

  /** Whether it ended by itself, or had to be ended. */
  get isGone(): boolean {
    return this.why !== null || this.endedHow !== null;
  }

  /** How it ended, or why it is being ended. */
  get gone(): string | null {
    return this.why ?? this.endedHow;
  }

  /** Whether it ended, had to be ended or threw where nobody could catch it; one that is merely full has not. */
  get hasFailed(): boolean {
    return this.isGone || this.hasStrayed;
  }

  /** Whether it began the last piece of work that it was asked for. */
  get hasBegun(): boolean {
    return this.begun;
  }

  /** For one that is asked nothing, about once a second: its code may still do something. */
  checkIdle(): void {
    if (this.task !== null || this.isGone) return;
    if (this.endIfTooLarge()) return;
    const now = performance.now();
    if (this.unansweredSince === null) {
      this.unansweredSince = now;
      this.send({ do: 'ping' });
    } else if (now - this.unansweredSince > idleUnresponsiveMs) {
      this.kill(`did not respond for ${idleUnresponsiveMs / 1_000} s, so that it was ended`);
    }
  }

  /** @throws LlmteamError `STEP_CRASHED` if it ends meanwhile */
  ask<K extends Did['did']>(
    message: ToIsolate & { readonly do: K },
    listener: Listener = this.nobody,
  ): Promise<Answer<K>> {
    const work = 'work' in message ? message.work : null;
    if ('attempt' in message) this.attempts.note(message.attempt);
    this.begun = work === null;
    this.unansweredSince = null;
    const answer = this.expect(message.do, listener, work) as Promise<Answer<K>>;
    this.send(message);
    this.beginWatch();
    return answer;
  }

  send(message: ToIsolate): void {
    if (this.endedHow === null) this.channel.send(JSON.stringify(message));
  }

  /** The number of the next piece of work. */
  nextWork(): number {
    return ++this.works;
  }

  /** Ends it at once; what it is asked rejects with `why`. */
  kill(why: string): void {
    this.why ??= why;
    // Until its end has been seen.
    if (this.endedHow === null) this.channel.hold(true);
    this.channel.kill();
  }

  /** It may finish what it does, and gets nothing more. */
  private wearOut(): void {
    this.isWorn = true;
  }

  private get nobody(): Listener {
    return { receive: () => undefined, log: this.options.log };
  }

  private get log(): Logger {
    return this.task?.listener.log ?? this.options.log;
  }

  private expect(did: Task['did'], listener: Listener = this.nobody, work: number | null = null): Promise<FromIsolate> {
    return new Promise((resolve, reject) => {
      this.task = { did, resolve, reject, listener, work };
      this.channel.hold(true);
      if (this.endedHow !== null) this.end(this.endedHow);
    });
  }

  private receive(text: string): void {
    try {
      this.take(text);
    } catch {
      this.kill('sent something that is not a message');
    }
  }

  private take(text: string): void {
    if (isLargeLog(text)) return;
    if (isBomb(text)) return this.kill('sent a message of too many parts');
    const message = JSON.parse(text) as FromIsolate;
    if ('tell' in message && message.tell === 'log') return this.tellLog(message);
    if ('tell' in message && message.tell === 'stray') return this.stray(message);
    if ('did' in message && message.did === 'pong') {
      this.unansweredSince = null;
      return;
    }
    this.takeOfTask(message);
  }

  private takeOfTask(message: FromIsolate): void {
    const { task } = this;
    // Code of an attempt that is over has no part in the next one.
    if (task === null || (task.work !== null && message.work !== task.work)) return;
    this.begun = true;
    if ('did' in message && message.did === 'begin') return;
    if (!('did' in message) || message.did !== task.did) return task.listener.receive(message);
    this.settle();
    if ('heap' in message && message.heap > fullShare * this.options.memoryMb * bytesPerMb) this.wearOut();
    task.resolve(message);
  }

  private tellLog({ level, fields, message, work }: Extract<FromIsolate, { tell: 'log' }>): void {
    if (!logLevels.includes(level) || typeof fields !== 'object' || !this.logBudget.spend(1)) return;
    const log = pluginLog(work === this.task?.work ? this.log : this.options.log);
    log[level](fields, String(message));
  }

  /** Whatever it did, its state is no longer what its author thinks. */
  private stray(message: Extract<FromIsolate, { tell: 'stray' }>): void {
    this.hasStrayed = true;
    this.wearOut();
    const { error, stack } = message;
    const cause = this.attempts.known(message.cause);
    const isOfRunning = cause?.is_running === true;
    const log = isOfRunning ? this.log : this.options.log;
    log.error({ error, stack, ...cause }, 'a plugin threw outside of its handlers; its process or thread is replaced');
    if (isOfRunning) this.task?.listener.receive(message);
    // Nobody knows what of it is there.
    const { did } = this.task ?? {};
    if (did === 'load' || did === 'start') this.kill(strayedMessage(String(error?.error_message)));
  }

  private beginWatch(): void {
    let sinceMs = performance.now();
    let unbegun = 0;
    const { unresponsiveMs } = this.options;
    this.watch ??= setInterval(() => {
      if (this.endIfTooLarge()) return;
      if (!this.begun && ++unbegun >= mostUnbegun) return this.kill('did not begin what it was asked');
      const now = performance.now();
      if (this.unansweredSince === null && now - sinceMs > unresponsiveMs / 4) {
        sinceMs = now;
        this.unansweredSince = now;
        this.send({ do: 'ping' });
      }
      if (this.unansweredSince !== null && now - this.unansweredSince > unresponsiveMs) {
        this.kill(`did not respond for ${unresponsiveMs / 1_000} s, so that it was ended`);
      }
    }, watchMs);
    this.watch.unref();
  }

  private endIfTooLarge(): boolean {
    const { memoryMb } = this.options;
    const memory = this.channel.memory();
    const isTooLarge = memory !== null && memory > memoryMb * bytesPerMb + ownBytes;
    if (isTooLarge) this.kill(`needed more than ${memoryMb} MB of memory`);
    return isTooLarge;
  }

  private settle(): void {
    this.task = null;
    this.channel.hold(false);
    this.unansweredSince = null;
    if (this.watch !== null) clearInterval(this.watch);
    this.watch = null;
  }

  private end(how: string): void {
    this.endedHow = how;
    const { task } = this;
    this.settle();
    const why = this.why ?? how;
    task?.reject(this.begun ? new LlmteamError('STEP_CRASHED', why) : new NotBegun(why));
    this.tellEnded();
  }

  /** @throws Error when it takes too long, or ends meanwhile */
  private async within<T>(what: 'load' | 'start' | 'stop', work: Promise<T>): Promise<T> {
    const deadlineMs = what === 'stop' ? this.options.stopMs : this.options.deadlineMs;
    const timer = setTimeout(() => this.kill(`took longer than ${deadlineMs} ms to ${what}`), deadlineMs);
    try {
      return await work;
    } catch (cause) {
      throw new Error(`it ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** An error without a code is told with the name of the plugin by whoever asked for it. */
function ownError(info: ErrorInfo): Error {
  const error = revivedError(info);
  return error.code === 'STEP_FAILED' ? new Error(error.message, { cause: error }) : error;
}

/** Several times what the logger inside sends of a line: only code that goes around it sends more. */
const largestLog = 128 * 1024;

/** A line of a log that is not worth being parsed. */
function isLargeLog(text: string): boolean {
  return text.length > largestLog && text.startsWith('{"tell":"log"');
}

/** Larger messages are looked at before they are parsed. */
const bombLength = 1024 * 1024;
/** Several times what the largest value has. */
const mostParts = 1_000_000;

/** Whether parsing it would take far more memory than the text. */
function isBomb(text: string): boolean {
  if (text.length < bombLength) return false;
  let parts = 0;
  for (let at = 0; at < text.length && parts <= mostParts; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x2c || unit === 0x5b || unit === 0x7b) parts++;
  }
  return parts > mostParts;
}
