/**
 * Purpose: checks a plugin package as a host, an author and npm see it.
 * Its code runs in a child process: one that hangs, exits or throws where nobody catches it fails the check that was going on.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPluginPackage } from '@llmteam/kernel';
import type { InsideMessage, InsideOptions } from './check-inside.js';
import { type CheckReport, type CheckResult, Checks } from './check-report.js';
import { type CheckSetup, checkSetup } from './check-setup.js';
import { checkContents } from './package-contents.js';

export interface CheckPluginOptions {
  /** How long each check may take. Default 10,000. */
  readonly deadlineMs?: number;
  /** How long a handler may go on after its attempt was cancelled. Default 2,000. */
  readonly abortMs?: number;
  /** How long all of them may take. Default 60,000. */
  readonly totalMs?: number;
  /** Told of each result as it comes. */
  readonly onResult?: (result: CheckResult) => void;
  /** A configuration file that says how the plugin is run: its grant, its isolation, its settings. Default: the one beside the package. */
  readonly config?: string;
  /** The program that calls `checkInside` with the options in its last argument, and its first arguments. For bundled programs. */
  readonly child?: { readonly file: string; readonly args: readonly string[] };
}

/** @throws LlmteamError only if the folder cannot be read; whatever is wrong with the plugin is in the report */
export async function checkPlugin(folder: string, options: CheckPluginOptions = {}): Promise<CheckReport> {
  const { deadlineMs = 10_000, onResult = () => undefined } = options;
  const path = resolve(folder);
  const checks = new Checks({ began: () => undefined, ended: onResult }, Math.max(deadlineMs, 60_000));
  const named = { package: path, version: '' };
  const made: { setup?: CheckSetup } = {};
  const isReadable = await checks.run('package.manifest', () => {
    const { manifest, version, packageName } = readPluginPackage(path, path);
    Object.assign(named, { package: manifest.name, version });
    made.setup = checkSetup(path, packageName, options.config);
    return undefined;
  });
  const results = [...checks.results];
  if (isReadable && made.setup !== undefined) {
    await checks.run('package.contents', () => checkContents(path));
    results.push(...checks.results.slice(1), ...(await resultsInside(path, made.setup, options, onResult)));
  }
  return { ok: results.every(({ status }) => status !== 'failed'), ...named, checks: results };
}

function resultsInside(
  folder: string,
  setup: CheckSetup,
  { deadlineMs = 10_000, abortMs = 2_000, totalMs = 60_000, child }: CheckPluginOptions,
  onResult: (result: CheckResult) => void,
): Promise<CheckResult[]> {
  const isolateMain = import.meta.resolve('@llmteam/kernel/isolate');
  const inside: InsideOptions = { folder, setup, deadlineMs, abortMs, isolateMain };
  const { file, args } = child ?? { file: fileURLToPath(new URL('./check-child.js', import.meta.url)), args: [] };
  const running = fork(file, [...args, JSON.stringify(inside)], { silent: true, execArgv: [] });
  return new Promise((done) => new Listening(running, totalMs, onResult, done));
}

const shownStderr = 1_000;

/** Gathers what the child says, until it is done, ends or is late. */
class Listening {
  private readonly results: CheckResult[] = [];
  private current = 'plugin.load';
  private isDone = false;
  private stderr = '';

  constructor(
    private readonly child: ChildProcess,
    totalMs: number,
    private readonly onResult: (result: CheckResult) => void,
    private readonly done: (results: CheckResult[]) => void,
  ) {
    const timer = setTimeout(
      () => this.end(`it was not done within ${totalMs} ms; does it block its process?`),
      totalMs,
    );
    child.stderr?.on('data', (chunk: Buffer) => {
      this.stderr = (this.stderr + chunk.toString()).slice(-shownStderr);
    });
    child.stdout?.resume();
    child.on('message', (message) => this.hear(message as InsideMessage));
    child.on('error', ({ message }) => this.end(`its process could not be started: ${message}`));
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const how = signal === null ? `exit code ${code}` : signal;
      this.end(`its process ended early (${how})${this.stderr === '' ? '' : `: ${this.stderr.trim()}`}`);
    });
  }

  private hear(message: InsideMessage): void {
    if (message.kind === 'began') this.current = message.id;
    if (message.kind === 'ended') this.add(message.result);
    if (message.kind === 'done') this.end(null);
  }

  private add(result: CheckResult): void {
    this.results.push(result);
    this.onResult(result);
  }

  private end(fault: string | null): void {
    if (this.isDone) return;
    this.isDone = true;
    if (fault !== null) this.add({ id: this.current, status: 'failed', message: fault });
    this.child.kill('SIGKILL');
    this.done(this.results);
  }
}
