import { Worker } from 'node:worker_threads';
import type { ChannelEvents, ChannelOptions, IsolateChannel } from './isolate-channel.js';
import { readLines } from './output-lines.js';

/** A worker thread: its own heap, environment and modules, but the same process. */
export function openThread({ main, memoryMb, hasNetwork }: ChannelOptions, events: ChannelEvents): IsolateChannel {
  const worker = new Worker(new URL(main), {
    env: {},
    argv: [],
    execArgv: ['--no-warnings'],
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    workerData: { hasNetwork },
  });
  const failure: { why: string | null } = { why: null };
  readLines(worker.stdout, (line) => events.line('stdout', line));
  readLines(worker.stderr, (line) => events.line('stderr', line));
  worker.on('message', (text: unknown) => events.message(String(text)));
  worker.on('error', (error: NodeJS.ErrnoException) => {
    failure.why =
      error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `needed more than ${memoryMb} MB of memory` : String(error);
  });
  worker.on('exit', (code) => events.ended(failure.why ?? `ended with exit code ${code}`));
  worker.unref();
  return {
    send: (text) => worker.postMessage(text),
    kill: () => void worker.terminate(),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    memory: () => null,
  };
}
