import { Worker } from 'node:worker_threads';
import { Budget } from './budget.js';
import type { ChannelEvents, ChannelOptions, IsolateChannel } from './isolate-channel.js';
import { readLines } from './output-lines.js';

const bytesPerSecond = 64 * 1024 * 1024;
const messagesPerSecond = 50_000;
/** What a thread has not read is memory of this process. */
const mostUnread = 64 * 1024 * 1024;

/** A worker thread: its own heap, environment and modules, but the same process. */
export function openThread({ main, memoryMb }: ChannelOptions, events: ChannelEvents): IsolateChannel {
  const sent = { length: 0 };
  const read = new Uint32Array(new SharedArrayBuffer(Uint32Array.BYTES_PER_ELEMENT));
  const worker = new Worker(new URL(main), {
    env: {},
    argv: [],
    workerData: read,
    execArgv: ['--no-warnings'],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const failure: { why: string | null } = { why: null };
  const endWith = (why: string) => {
    if (failure.why !== null) return;
    failure.why = why;
    void worker.terminate();
  };
  readLines(worker.stdout, (line) => events.line('stdout', line));
  readLines(worker.stderr, (line) => events.line('stderr', line));
  const bytes = new Budget(bytesPerSecond);
  const messages = new Budget(messagesPerSecond);
  worker.on('message', (text: unknown) => {
    // A port cannot be read more slowly, and what it holds is memory of this process.
    const isTooMuch = typeof text === 'string' && !(bytes.spend(text.length) && messages.spend(1));
    if (!isTooMuch) return events.message(typeof text === 'string' ? text : '');
    endWith('said more than anybody can listen to');
  });
  worker.on('error', (error: NodeJS.ErrnoException) => {
    failure.why =
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `needed more than ${memoryMb} MB of memory` : String(error);
  });
  worker.on('exit', (code) => events.ended(failure.why ?? `ended with exit code ${code}`));
  worker.unref();
  return {
    send: (text) => {
      sent.length += text.length;
      worker.postMessage(text);
      // Both count modulo 2^32.
      if ((sent.length - Atomics.load(read, 0)) >>> 0 > mostUnread) endWith('did not read what it was sent');
    },
    kill: () => void worker.terminate(),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    memory: () => null,
  };
}
