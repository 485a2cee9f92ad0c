/** Starts a server, pauses it, tells where it is, and waits for its own end. */
import { dirname } from 'node:path';
import { with_nats_server } from '../../support/nats/nats-server.js';

await with_nats_server({}, async (server) => {
  await server.pause();
  process.stdout.write(`${JSON.stringify({ pid: server.pid, folder: dirname(server.store_dir) })}\n`);
  await new Promise(() => setInterval(() => undefined, 60_000));
});
