import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What waits for the end of each connection. Requests are sent ahead on one, so they share a listener. */
const waiting = new WeakMap<Socket, Set<() => void>>();

/**
 * Calls back once, when the client has been sent the whole response or is gone. A response whose turn on its connection has not come does not
 * itself tell that the connection was closed.
 */
export function onResponseEnd({ socket }: IncomingMessage, response: ServerResponse, done: () => void): void {
  const end = (): void => {
    waiting.get(socket)?.delete(end);
    done();
  };
  if (socket.destroyed || response.closed) {
    done();
    return;
  }
  ofConnection(socket).add(end);
  response.once('close', end);
}

function ofConnection(socket: Socket): Set<() => void> {
  const known = waiting.get(socket);
  if (known !== undefined) return known;
  const found = new Set<() => void>();
  waiting.set(socket, found);
  socket.once('close', () => {
    for (const end of [...found]) end();
  });
  return found;
}
