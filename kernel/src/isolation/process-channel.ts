/**
 * A child process. It gets an empty environment, and where Node has a permission model it can read only the code of its plugin, write
 * nothing and start nothing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import type { Socket } from 'node:net';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Budget } from './budget.js';
import { FrameReader, frameOf } from './frames.js';
import type { ChannelEvents, ChannelOptions, IsolateChannel } from './isolate-channel.js';
import { readLines } from './output-lines.js';
import type { Reaper } from './reaper.js';

const channelFd = 3;
/** Who says more is read no faster: the host has others to listen to. */
const bytesPerSecond = 64 * 1024 * 1024;
const messagesPerSecond = 20_000;
/** Of this process's time. */
const msPerSecond = 250;
/** More than a few of the largest answers. */
const mostUnread = 64 * 1024 * 1024;
const bytesPerPage = 4_096;

export function processOpener(reaper: Reaper) {
  return (options: ChannelOptions, events: ChannelEvents): IsolateChannel => {
    const child = spawn(process.execPath, [...flagsOf(options), realpathSync(fileURLToPath(options.main))], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: {},
      cwd: options.folder,
      // A group of its own: the signals of a terminal are for the host, and a signal to its own group reaches nobody else.
      detached: true,
      windowsHide: true,
    });
    reaper.watch(child);
    return connect(child, events);
  };
}

function connect(child: ChildProcess, events: ChannelEvents): IsolateChannel {
  const channel = child.stdio[channelFd] as Socket;
  const end: { reason: string | null } = { reason: null };
  const frames = new FrameReader();
  for (const stream of ['stdout', 'stderr'] as const) {
    const output = child[stream] as Socket;
    readLines(output, (line) => events.line(stream, line));
    output.unref();
  }
  child.unref();
  channel.unref();
  const bytes = new Budget(bytesPerSecond);
  const messages = new Budget(messagesPerSecond);
  const time = new Budget(msPerSecond);
  channel.on('data', (piece: Buffer) => {
    try {
      const beganAt = performance.now();
      const texts = frames.push(piece);
      for (const text of texts) events.message(text);
      const isWithin = [
        bytes.spend(piece.length),
        messages.spend(texts.length),
        time.spend(performance.now() - beganAt),
      ].every(Boolean);
      if (!isWithin) pauseFor(channel, bytes.waitMs);
    } catch (error) {
      end.reason = `sent ${error instanceof Error ? error.message : 'nonsense'}`;
      child.kill('SIGKILL');
    }
  });
  // It may end while something is being sent.
  channel.on('error', () => undefined);
  child.on('error', (error) => {
    end.reason ??= `could not be started: ${error.message}`;
    if (child.pid === undefined) events.ended(end.reason);
  });
  // Not at `exit`: what it still said is read first.
  child.on('close', (code, signal) => events.ended(end.reason ?? howOf(code, signal)));
  return {
    send: (text) => {
      channel.write(frameOf(text));
      if (channel.writableLength <= mostUnread) return;
      end.reason ??= 'did not read what it was sent';
      child.kill('SIGKILL');
    },
    kill: () => void child.kill('SIGKILL'),
    hold: (isHeld) => {
      for (const held of [channel, child]) isHeld ? held.ref() : held.unref();
    },
    memory: () => (child.pid === undefined ? null : residentBytes(child.pid)),
  };
}

function pauseFor(channel: Socket, ms: number): void {
  channel.pause();
  setTimeout(() => channel.resume(), ms).unref();
}

function howOf(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === 'SIGABRT' || code === 134)
    return 'was ended by SIGABRT, most likely because its heap was full (`memory_mb`),';
  return signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
}

function flagsOf({ main, readable, memoryMb, hosts }: ChannelOptions): string[] {
  return [
    '--no-warnings',
    `--max-old-space-size=${memoryMb}`,
    permissionFlag(),
    ...[dirname(realpathSync(fileURLToPath(main))), ...readable].map((path) => `--allow-fs-read=${path}`),
    ...(process.allowedNodeEnvironmentFlags.has('--allow-net') && hosts.length > 0 ? ['--allow-net'] : []),
  ];
}

/** Every version that we support has it, some by its former name. */
function permissionFlag(): string {
  return process.allowedNodeEnvironmentFlags.has('--permission') ? '--permission' : '--experimental-permission';
}

/** null where the system does not say. */
function residentBytes(pid: number): number | null {
  if (process.platform !== 'linux') return null;
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ');
    return Number(pages) * bytesPerPage;
  } catch {
    return null;
  }
}
