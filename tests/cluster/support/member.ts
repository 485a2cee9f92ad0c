/**
 * Purpose: one coordinator or worker of a cluster: a slot that one process after another fills.
 * Owns: the process, its folder with the configuration, its log.
 * Invariant: signals are only sent to its own living child, never to a reused process id.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnGuarded } from '../../support/guarded-process.js';
import { isStopped } from '../../support/nats/process-state.js';

export type Role = 'coordinator' | 'worker';

export interface MemberOptions {
  readonly role: Role;
  readonly name: string;
  readonly folder: string;
  /** `llmteam.config.json` */
  readonly config: object;
  readonly command: readonly string[];
}

/** The log line of a service that is ready. */
const readyWords: Record<Role, RegExp> = {
  coordinator: /the coordinator has joined/,
  worker: /the worker takes jobs/,
};
const lookAgainMs = 10;
const linesShown = 30;

export class Member {
  /** Restarts a process that exits by itself, as the supervisor of a deployment would. */
  isSupervised = false;
  /** Number of such restarts. */
  restarts = 0;
  private child: ChildProcess | null = null;
  private starting: Promise<void> | null = null;
  private life = 0;
  private readonly folder: string;

  constructor(private readonly options: MemberOptions) {
    this.folder = join(options.folder, options.name);
    mkdirSync(this.folder, { recursive: true });
    writeFileSync(join(this.folder, 'llmteam.config.json'), JSON.stringify(options.config));
  }

  get name(): string {
    return this.options.name;
  }

  get role(): Role {
    return this.options.role;
  }

  get runs(): boolean {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  get pid(): number {
    const pid = this.child?.pid;
    if (!this.runs || pid === undefined) throw new Error(`${this.name} does not run`);
    return pid;
  }

  /** Exit code and signal of its last process. */
  get ending(): string {
    return this.child?.signalCode ?? `exit code ${this.child?.exitCode}`;
  }

  /** Resolves once it has a process; see `ready`. */
  async start(): Promise<void> {
    this.starting ??= this.begin().finally(() => {
      this.starting = null;
    });
    await this.starting;
  }

  private async begin(): Promise<void> {
    if (this.runs) return;
    this.life += 1;
    const log = openSync(this.logFile, 'w');
    try {
      const [command = process.execPath, ...args] = this.options.command;
      this.child = await spawnGuarded(command, args, { stdio: ['ignore', log, log], cwd: this.folder });
      this.child.once('exit', (code) => this.takeEnd(code));
    } finally {
      closeSync(log);
    }
  }

  private takeEnd(code: number | null): void {
    if (!this.isSupervised || code === null || code === 0) return;
    this.restarts += 1;
    void this.start();
  }

  /** Resolves once the service is ready; rejects if it exits instead. */
  async ready(timeoutMs = 30_000): Promise<void> {
    await this.says(readyWords[this.role], timeoutMs);
  }

  /** Resolves once its current process has logged these words; rejects if it exits or on timeout. */
  async says(words: RegExp, timeoutMs = 30_000): Promise<void> {
    const until = performance.now() + timeoutMs;
    while (!words.test(this.log())) {
      if (!this.runs) throw new Error(`${this.name} ended (${this.ending}): ${this.lastWords()}`);
      if (performance.now() > until) throw new Error(`${this.name} did not say ${words}: ${this.lastWords()}`);
      await sleep(lookAgainMs);
    }
  }

  /** SIGKILL. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** SIGTERM; resolves once it has exited. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  /** SIGTERM without waiting. */
  tellToStop(): void {
    process.kill(this.pid, 'SIGTERM');
  }

  /** SIGSTOP; resolves once all threads have stopped. */
  async pause(): Promise<void> {
    const { pid } = this;
    process.kill(pid, 'SIGSTOP');
    while (this.runs && !isStopped(pid)) await sleep(1);
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** The output of its current or last process. */
  log(): string {
    return this.life === 0 ? '' : readFileSync(this.logFile, 'utf8');
  }

  lastWords(): string {
    return this.log().trimEnd().split('\n').slice(-linesShown).join('\n  | ');
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child === null || !this.runs) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }

  /** One per process. */
  private get logFile(): string {
    return join(this.folder, `${this.life}.log`);
  }
}
