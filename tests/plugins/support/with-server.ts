import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';

/** Runs `use` against an HTTP server on a free port of the loopback address. */
export async function withHttpServer(listener: RequestListener, use: (origin: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  }
}

/** The same with the port of a server that counts requests. */
export async function withCounter(use: (port: string, requests: () => number) => Promise<void>): Promise<void> {
  const counter = { requests: 0 };
  await withHttpServer(
    (_request, response) => {
      counter.requests += 1;
      response.end('{"reached":true}');
    },
    (origin) => use(new URL(origin).port, () => counter.requests),
  );
}

/** The same for a raw TCP server, which may violate HTTP. `answer` is called after the request head. */
export async function withRawServer(
  answer: (socket: Socket, head: string) => void | Promise<void>,
  use: (origin: string) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    let head = '';
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      const before = head;
      head += chunk.toString('latin1');
      if (!before.includes('\r\n\r\n') && head.includes('\r\n\r\n')) void answer(socket, head);
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  try {
    await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  }
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
