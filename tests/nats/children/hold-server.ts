/** Starts a server, pauses it, reports its process, and waits to be killed. */
import { dirname } from 'node:path';
import { withNatsServer } from '../../support/nats/nats-server.js';

await withNatsServer({}, async (server) => {
  await server.pause();
  process.stdout.write(`${JSON.stringify({ pid: server.pid, folder: dirname(server.storeDir) })}\n`);
  await new Promise(() => setInterval(() => undefined, 60_000));
});
