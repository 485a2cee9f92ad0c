import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { notTestedHere } from '../support/not-tested-here.js';

const children = join(import.meta.dirname, 'children');

/** The command that runs a child program under `wrapper`, e.g. `['strace', '-f']`. */
function commandLine(program: string, args: readonly string[], wrapper: readonly string[]): [string, string[]] {
  const [command = process.execPath, ...rest] = [
    ...wrapper,
    process.execPath,
    join(children, `${program}.js`),
    ...args,
  ];
  return [command, rest];
}

export interface Child {
  readonly process: ChildProcess;
  /** Its messages, one per line of output. */
  readonly told: AsyncIterable<unknown>;
  kill(): Promise<void>;
}

export function startChild(program: string, args: readonly string[]): Child {
  const [command, rest] = commandLine(program, args, []);
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  return {
    process: child,
    told: parsed(lines),
    async kill() {
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function* parsed(lines: AsyncIterable<string>): AsyncGenerator<unknown> {
  for await (const line of lines) yield JSON.parse(line);
}

/** Runs a child program to its end and returns its last message. */
export function runChild(program: string, args: readonly string[], wrapper: readonly string[] = []): unknown {
  const [command, rest] = commandLine(program, args, wrapper);
  const { stdout, stderr, status } = spawnSync(command, rest, { encoding: 'utf8' });
  const line = stdout.trim().split('\n').at(-1);
  if (line === undefined || line === '') throw new Error(`${program} told nothing and ended with ${status}: ${stderr}`);
  return JSON.parse(line);
}

/** Whether a command works here; if not, prints why, since the tests that need it are left out. */
export function works(what: string, command: string, args: readonly string[]): boolean {
  const { status, error, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status === 0) return true;
  notTestedHere(what, error?.message ?? stderr.trim());
  return false;
}
