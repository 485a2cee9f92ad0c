/**
 * Purpose: `llmteam run --watch`: runs a segment again whenever its files change, until Ctrl-C.
 * Owns: when to run again. Each run is a process of its own, so a new configuration and new plugins take effect.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, resolve } from 'node:path';
import { LlmteamError } from '@llmteam/contracts';
import { findConfig } from '@llmteam/service-host';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { FileChanges } from '../file-changes.js';
import type { StopSignal } from '../interrupts.js';
import { printNote } from '../notes.js';
import type { RunOptions } from '../run-request.js';
import type { Settings } from '../settings.js';

const clearScreen = '\u001b[2J\u001b[3J\u001b[H';

/** @throws LlmteamError `USAGE`, `FILE_UNREADABLE` */
export async function runAndWatch(settings: Settings, file: string, options: RunOptions): Promise<ExitCode> {
  if (file === '-' || options.input === '-') {
    throw new LlmteamError('USAGE', '--watch needs files: stdin can be read only once');
  }
  const changes = new FileChanges(foldersOf(settings, file, options), ignoredPaths(options));
  const stopped = stopRequest();
  try {
    for (;;) {
      const run = start(settings);
      const ended = endOf(run);
      const replaced = new AbortController();
      const stop = await Promise.race([changes.next(), stopped, stopAfter(settings, ended, replaced.signal)]);
      replaced.abort();
      // A terminal sends Ctrl-C to the run as well, which asks what to do.
      if (stop !== 'SIGINT' || !process.stdin.isTTY) run.kill('SIGTERM');
      await ended;
      if (stop !== undefined) return exitCodes.completed;
    }
  } finally {
    changes.close();
  }
}

/** The segment, those beside it that it may refer to, the configuration, and the input. */
function foldersOf({ config }: Settings, file: string, { input }: RunOptions): string[] {
  const folder = dirname(resolve(file));
  const configFile = config ?? findConfig(folder) ?? findConfig(process.cwd());
  const files = [configFile, input ?? null].filter((path) => path !== null);
  return [folder, ...files.map((path) => dirname(resolve(path)))];
}

/** The result is written by the run itself. */
function ignoredPaths({ output }: RunOptions): Set<string> {
  return new Set(output === undefined ? [] : [resolve(output)]);
}

function start({ streams, environment }: Settings): ChildProcess {
  if (streams.stderrIsTerminal && environment.canRedraw) streams.stderr.write(clearScreen);
  const [program = '', ...args] = process.argv.slice(1);
  const words = [...process.execArgv, program, ...args.filter((word) => word !== '--watch')];
  return spawn(process.execPath, words, { stdio: 'inherit' });
}

/** Resolves to the exit code, null if a signal ended the run. */
function endOf(run: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => {
    run.once('close', resolve).once('error', () => resolve(exitCodes.failed));
  });
}

/** A Ctrl-C at a question of the run is a key and reaches the run alone: the run is cancelled or left then. */
async function stopAfter(
  settings: Settings,
  ended: Promise<number | null>,
  replaced: AbortSignal,
): Promise<StopSignal> {
  const code = await ended;
  if (!replaced.aborted && (code === exitCodes.cancelled || code === exitCodes.interrupted)) return 'SIGINT';
  if (!replaced.aborted) printNote(settings, 'Watching for changes; Ctrl-C ends.');
  return new Promise(() => undefined);
}

function stopRequest(): Promise<StopSignal> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve(signal));
  });
}
