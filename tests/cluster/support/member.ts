/**
 * Purpose: one coordinator or worker of a cluster: a place that is taken by one process after another.
 * Owns: the process, its folder with the configuration, its log.
 * Invariant: it signals a process only while that is its own child.
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

/** What a service says once it works. */
const readyWords: Record<Role, RegExp> = {
  coordinator: /the coordinator has joined/,
  worker: /the worker takes jobs/,
};
const lookAgainMs = 10;
const linesShown = 30;

export class Member {
  /** It gets a new process if one gives up by itself, as the supervisor of a deployment would give it. */
  isSupervised = false;
  /** How often it got one. */
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

  /** The code and signal that its last process ended with. */
  get ending(): string {
    return this.child?.signalCode ?? `exit code ${this.child?.exitCode}`;
  }

  /** Settles once it has a process; see `ready`. */
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

  /** Settles once it works. @throws if it ended instead */
  async ready(timeoutMs = 30_000): Promise<void> {
    await this.says(readyWords[this.role], timeoutMs);
  }

  /** Settles once its present life has logged such words. @throws if it ended or took too long */
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

  /** SIGTERM; settles once it has ended. */
  stop(): Promise<void> {
    return this.end('SIGTERM');
  }

  /** SIGTERM without waiting. */
  tellToStop(): void {
    process.kill(this.pid, 'SIGTERM');
  }

  /** Settles when nothing of it moves any more. */
  async pause(): Promise<void> {
    const { pid } = this;
    process.kill(pid, 'SIGSTOP');
    while (this.runs && !isStopped(pid)) await sleep(1);
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** What the process of its present or last life has written. */
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

  /** One per life. */
  private get logFile(): string {
    return join(this.folder, `${this.life}.log`);
  }
}
