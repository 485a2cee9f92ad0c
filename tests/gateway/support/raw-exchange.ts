import { connect, type Socket } from 'node:net';

/** Sends bytes as they are and gives all that comes back until the gateway closes the connection. */
export async function rawExchange(port: number, ...pieces: readonly (string | Buffer)[]): Promise<string> {
  return withConnection(port, async (socket) => {
    for (const piece of pieces) socket.write(piece);
  });
}

/** `talk` has the connection; what came back is given once the gateway has closed it. */
export function withConnection(port: number, talk: (socket: Socket) => Promise<void>): Promise<string> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect(port, '127.0.0.1');
    socket.on('data', (piece) => received.push(piece));
    // A reset after the answer is an answer too.
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
