import type { Socket } from 'node:net';

/**
 * Resets a connection (RST). While a FIN is in flight the system refuses that, and Node then never closes the socket, emits no event, and
 * busy-loops when the process should exit; such a connection is destroyed instead.
 */
export function resetSocket(socket: Socket): void {
  const isEnding = socket.writableEnded && !socket.writableFinished;
  if (isEnding) socket.destroy();
  else socket.resetAndDestroy();
}
