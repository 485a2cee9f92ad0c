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
import { spawn_guarded } from '../../support/guarded-process.js';
import { is_stopped } from '../../support/nats/process-state.js';

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
const ready_words: Record<Role, RegExp> = {
  coordinator: /the coordinator has joined/,
  worker: /the worker takes jobs/,
};
const look_again_ms = 10;
const lines_shown = 30;

export class Member {
  /** It gets a new process if one gives up by itself, as the supervisor of a deployment would give it. */
  is_supervised = false;
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
    const log = openSync(this.log_file, 'w');
    try {
      const [command = process.execPath, ...args] = this.options.command;
      this.child = await spawn_guarded(command, args, { stdio: ['ignore', log, log], cwd: this.folder });
      this.child.once('exit', (code) => this.take_end(code));
    } finally {
      closeSync(log);
    }
  }

  private take_end(code: number | null): void {
    if (!this.is_supervised || code === null || code === 0) return;
    this.restarts += 1;
    void this.start();
  }

  /** Settles once it works. @throws if it ended instead */
  async ready(timeout_ms = 30_000): Promise<void> {
    await this.says(ready_words[this.role], timeout_ms);
  }

  /** Settles once its present life has logged such words. @throws if it ended or took too long */
  async says(words: RegExp, timeout_ms = 30_000): Promise<void> {
    const until = performance.now() + timeout_ms;
    while (!words.test(this.log())) {
      if (!this.runs) throw new Error(`${this.name} ended (${this.ending}): ${this.last_words()}`);
      if (performance.now() > until) throw new Error(`${this.name} did not say ${words}: ${this.last_words()}`);
      await sleep(look_again_ms);
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
  tell_to_stop(): void {
    process.kill(this.pid, 'SIGTERM');
  }

  /** Settles when nothing of it moves any more. */
  async pause(): Promise<void> {
    const { pid } = this;
    process.kill(pid, 'SIGSTOP');
    while (this.runs && !is_stopped(pid)) await sleep(1);
  }

  resume(): void {
    process.kill(this.pid, 'SIGCONT');
  }

  /** What the process of its present or last life has written. */
  log(): string {
    return this.life === 0 ? '' : readFileSync(this.log_file, 'utf8');
  }

  last_words(): string {
    return this.log().trimEnd().split('\n').slice(-lines_shown).join('\n  | ');
  }

  private async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child === null || !this.runs) return;
    const ended = once(this.child, 'exit');
    this.child.kill(signal);
    await ended;
  }

  /** One per life. */
  private get log_file(): string {
    return join(this.folder, `${this.life}.log`);
  }
}
