import type { Socket } from 'node:net';

/**
 * Ends a connection at once: the other side is told that it failed. While its end is on the way the system refuses that, and Node then
 * never closes the socket, tells nobody, and its process computes for ever when it should exit; such a connection is only closed.
 */
export function resetSocket(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
