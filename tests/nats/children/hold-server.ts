/** Starts a server, pauses it, tells where it is, and waits for its own end. */
import { dirname } from 'node:path';
import { withNatsServer } from '../../support/nats/nats-server.js';

await withNatsServer({}, async (server) => {
  await server.pause();
  process.stdout.write(`${JSON.stringify({ pid: server.pid, folder: dirname(server.storeDir) })}\n`);
  await new Promise(() => setInterval(() => undefined, 60_000));
});
