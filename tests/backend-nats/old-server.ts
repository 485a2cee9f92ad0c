import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** A fake NATS server that announces this version and answers pings, nothing else. */
export async function withServerOfVersion(version: string, use: (url: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const info = { server_id: 'OLD', version, proto: 1, headers: true, max_payload: 1_048_576, jetstream: true };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => {
      if (bytes.includes('PING')) socket.write('PONG\r\n');
    });
    socket.write(`INFO ${JSON.stringify(info)}\r\n`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`nats://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** Accepts connections and never sends anything. */
export async function withSilentServer(use: (url: string) => Promise<void>): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await use(`nats://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}
