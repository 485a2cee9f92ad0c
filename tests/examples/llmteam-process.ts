/** The command line as a process, as a user starts it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../../..');
const executable = join(root, 'clients/cli/bin/llmteam.js');

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Commands that share a folder for their runs. */
export interface Llmteam {
  readonly home: string;
  run(...args: readonly string[]): Promise<Finished>;
  /** Kills the process with SIGKILL if it still runs when the callback of `withLlmteam` ends. */
  start(...args: readonly string[]): { readonly process: ChildProcess; readonly finished: Promise<Finished> };
}

export async function withLlmteam(use: (llmteam: Llmteam) => Promise<void>): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'llmteam-examples-'));
  const processes = new Set<ChildProcess>();
  const start: Llmteam['start'] = (...args) => {
    const started = startNode([executable, ...args], { LLMTEAM_HOME: home });
    processes.add(started.process);
    return started;
  };
  try {
    await use({ home, start, run: (...args) => start(...args).finished });
  } finally {
    for (const process of processes) process.kill('SIGKILL');
    rmSync(home, { recursive: true, force: true });
  }
}

/** Runs a script with Node, without colours. */
export function startNode(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { process: ChildProcess; finished: Promise<Finished> } {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout = collect(child.stdout);
  const stderr = collect(child.stderr);
  const finished = once(child, 'close').then(([code]) => ({
    code: code as number | null,
    stdout: stdout(),
    stderr: stderr(),
  }));
  return { process: child, finished };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    text += chunk;
  });
  return () => text;
}

/** Polls until there is a result; the timeout of the test is the limit. */
export async function untilThere<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
}
