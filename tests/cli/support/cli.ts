/**
 * Purpose: the command line as people call it: real processes, in a folder of their own.
 * Owns: that folder, and that no process outlives its test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RunEvent, RunEventOf, RunResult } from '@llmteam/contracts';

export const program = join(import.meta.dirname, '../../../../clients/cli/bin/llmteam.js');

/** `script` of util-linux gives a command a terminal of its own. */
export const terminalProgram = 'script';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CallOptions {
  readonly stdin?: string | Uint8Array;
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** No file may grow beyond so many blocks (of 512 or 1,024 bytes, as the shell has it). */
  readonly fileBlocks?: number;
}

export interface Cli {
  /** The working folder of every call. */
  readonly folder: string;
  /** Writes a file into the folder: text as it is, anything else as JSON. */
  write(name: string, content: unknown): string;
  /** Calls `llmteam` and waits for its end. */
  call(args: readonly string[], options?: CallOptions): Promise<Ended>;
  /** Calls `llmteam` and goes on. */
  start(args: readonly string[], options?: CallOptions): Started;
  /** Starts another program. */
  launch(words: readonly string[], options?: CallOptions): Started;
  /** Runs a line of shell on a terminal of its own, whose screen is the `stdout` here. */
  onTerminal(line: string): Started;
}

/** A call that is under way, with `--json`: its events are read as they come. */
export class Started {
  readonly ended: Promise<Ended>;
  private stdout = '';
  private stderr = '';
  private readonly watchers = new Set<() => void>();

  constructor(readonly process: ChildProcess) {
    process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
      this.tell();
    });
    process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
      this.tell();
    });
    this.ended = new Promise((resolve) => {
      process.once('close', (code) => {
        resolve({ code, stdout: this.stdout, stderr: this.stderr });
        this.tell();
      });
    });
  }

  /** The first event of that type, of that step if one is named. */
  event<T extends RunEvent['event_type']>(eventType: T, stepId?: string): Promise<RunEventOf<T>> {
    return this.until(`the event ${eventType} ${stepId ?? ''}`, () => {
      return this.events().find(
        (event): event is RunEvent & RunEventOf<T> =>
          event.event_type === eventType && (stepId ?? event.step_id) === event.step_id,
      );
    });
  }

  /** What `look` finds in what was written so far, as soon as it finds something. */
  until<T>(what: string, look: (written: { stdout: string; stderr: string }) => T | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look({ stdout: this.stdout, stderr: this.stderr });
        if (found === undefined && this.process.exitCode === null && this.process.signalCode === null) return;
        this.watchers.delete(check);
        if (found !== undefined) resolve(found);
        else reject(new Error(`ended without ${what}:\n${this.stdout}\n${this.stderr}`));
      };
      this.watchers.add(check);
      check();
    });
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name);
  }

  private events(): RunEvent[] {
    return eventsIn(this.stdout.slice(0, this.stdout.lastIndexOf('\n') + 1));
  }

  private tell(): void {
    for (const check of [...this.watchers]) check();
  }
}

export async function withCli(use: (cli: Cli) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'llmteam-cli-'));
  const started = new Set<Started>();
  const launch = (command: string, args: readonly string[], { stdin, environment = {}, cwd = folder }: CallOptions) => {
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(command, args, { cwd, env: { PATH, HOME, TERM: 'xterm', ...environment } });
    child.stdin.on('error', () => undefined);
    child.stdin.end(stdin);
    const call = new Started(child);
    started.add(call);
    return call;
  };
  const start: Cli['start'] = (args, options = {}) => {
    const words = [process.execPath, program, ...args];
    if (options.fileBlocks === undefined) return launch(process.execPath, words.slice(1), options);
    return launch('sh', ['-c', `ulimit -f ${options.fileBlocks} && exec "$@"`, 'sh', ...words], options);
  };
  try {
    await use({
      folder,
      write: (name, content) => write(join(folder, name), content),
      start,
      launch: ([command = '', ...words], options = {}) => launch(command, words, options),
      call: (args, options) => start(args, options).ended,
      onTerminal: (line) => launch(terminalProgram, ['--quiet', '--return', '--command', line, '/dev/null'], {}),
    });
  } finally {
    for (const { process } of started) if (process.exitCode === null) process.kill('SIGKILL');
    await Promise.all([...started].map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Words for a line of shell. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

function write(path: string, content: unknown): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

/** The whole of stdout is one JSON value. */
export function jsonOf<T = RunResult>({ stdout, stderr }: Ended): T {
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`stdout is not JSON:\n${stdout}\nstderr:\n${stderr}`);
  }
}

/** Every line of stdout is a JSON value; those that are events. */
export function eventsIn(stdout: string): RunEvent[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as RunEvent).filter(({ event_type }) => event_type !== undefined);
}
