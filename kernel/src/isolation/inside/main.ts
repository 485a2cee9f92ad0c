/** The entry of an isolate: connects to the host through a pipe (in a process) or a port (in a thread). */
import { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { FrameReader, frameOf } from '../frames.js';
import type { ToIsolate } from '../isolate-messages.js';
import { HostLine } from './host-line.js';
import { IsolatedCode } from './isolated-code.js';

const channelFd = 3;

function open(): void {
  if (parentPort !== null) {
    const port = parentPort;
    const code = serve((text) => port.postMessage(text));
    port.on('message', (text: string) => {
      Atomics.add(workerData as Uint32Array, 0, text.length);
      code.take(JSON.parse(text) as ToIsolate);
    });
    return;
  }
  const channel = new Socket({ fd: channelFd, readable: true, writable: true });
  const frames = new FrameReader();
  const code = serve((text) => void channel.write(frameOf(text)));
  channel.on('data', (piece: Buffer) => {
    for (const text of frames.push(piece)) code.take(JSON.parse(text) as ToIsolate);
  });
  // The host is gone.
  channel.on('close', () => process.exit(0));
  channel.on('error', () => process.exit(0));
  // Those of a terminal reach the whole group; the host says when to stop.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);
}

function serve(write: (text: string) => void): IsolatedCode {
  const line = new HostLine(write);
  const code = new IsolatedCode(line);
  process.on('uncaughtException', (thrown) => code.stray(thrown));
  process.on('unhandledRejection', (thrown) => code.stray(thrown));
  line.send({ did: 'listen' });
  return code;
}

open();
