import { connect, type Socket } from 'node:net';

/** Sends raw bytes and returns everything received until the gateway closes the connection. */
export async function rawExchange(port: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  return withConnection(port, async (socket) => {
    for (const piece of pieces) socket.write(piece);
  });
}

/** `talk` uses the connection; returns everything received once the gateway has closed it. */
export function withConnection(port: number, talk: (socket: Socket) => Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (piece) => received.push(piece));
    // A reset after the response is fine.
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(Buffer.concat(received).toString('latin1')));
    socket.once('connect', () => {
      talk(socket).catch((error: unknown) => {
        socket.destroy();
        reject(error);
      });
    });
  });
}
