/**
 * Purpose: runs the command line as users do: real processes in a temporary folder.
 * Owns: that folder; no process outlives its test.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { RunEvent, RunEventOf, RunResult } from '@llmteam/contracts';

export const program = join(import.meta.dirname, '../../../../clients/cli/bin/llmteam.js');

/** `script` from util-linux runs a command on a pseudo-terminal. */
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
  /** Standard input stays open for {@link Started.type}. */
  readonly isTyped?: boolean;
  /** File size limit in blocks (512 or 1,024 bytes, depending on the shell). */
  readonly fileBlocks?: number;
}

export interface Cli {
  /** The working directory of every call. */
  readonly folder: string;
  /** Writes a file into the folder: strings verbatim, anything else as JSON. */
  write(name: string, content: unknown): string;
  /** Calls `llmteam` and waits for it to exit. */
  call(args: readonly string[], options?: CallOptions): Promise<Ended>;
  /** Starts `llmteam` without waiting. */
  start(args: readonly string[], options?: CallOptions): Started;
  /** Starts another program. */
  launch(words: readonly string[], options?: CallOptions): Started;
  /** Runs a shell command on a pseudo-terminal; `stdout` is its screen. */
  onTerminal(line: string, options?: CallOptions): Started;
}

/** A running call with `--json`, whose events are read as they arrive. */
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

  /** The first event of this type, and of this step if given. */
  event<T extends RunEvent['event_type']>(eventType: T, stepId?: string): Promise<RunEventOf<T>> {
    return this.until(`the event ${eventType} ${stepId ?? ''}`, () => {
      return this.events().find(
        (event): event is RunEvent & RunEventOf<T> =>
          event.event_type === eventType && (stepId ?? event.step_id) === event.step_id,
      );
    });
  }

  /** Resolves as soon as `look` finds something in the output so far. */
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

  /** Types on the terminal; `\x03` is Ctrl-C, `\r` is Enter. */
  type(text: string): void {
    this.process.stdin?.write(text);
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
  const launch = (command: string, args: readonly string[], options: CallOptions) => {
    const { stdin, environment = {}, cwd = folder, isTyped = false } = options;
    const { PATH = '', HOME = '' } = process.env;
    const child = spawn(command, args, { cwd, env: { PATH, HOME, TERM: 'xterm', ...environment } });
    child.stdin.on('error', () => undefined);
    if (!isTyped) child.stdin.end(stdin);
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
      onTerminal: (line, options = {}) =>
        launch(terminalProgram, ['--quiet', '--return', '--command', line, '/dev/null'], options),
    });
  } finally {
    for (const { process } of started) if (process.exitCode === null) process.kill('SIGKILL');
    await Promise.all([...started].map(({ ended }) => ended));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Quotes words for the shell. */
export function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
}

function write(path: string, content: unknown): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content));
  return path;
}

/** Parses stdout as one JSON value. */
export function jsonOf<T = RunResult>({ stdout, stderr }: Ended): T {
  try {
    return JSON.parse(stdout) as T;
  } catch {
    throw new Error(`stdout is not JSON:\n${stdout}\nstderr:\n${stderr}`);
  }
}

/** The result of a run: the last line of what `--json` prints of it. */
export function resultOf(ended: Ended): RunResult {
  return jsonOf({ ...ended, stdout: ended.stdout.trimEnd().split('\n').at(-1) ?? '' });
}

/** Parses every line of stdout as JSON; returns the events. */
export function eventsIn(stdout: string): RunEvent[] {
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as RunEvent).filter(({ event_type }) => event_type !== undefined);
}
