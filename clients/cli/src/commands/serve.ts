import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addServe(program: Command, act: Act): void {
  const serve = program.command('serve').description('run a service of a NATS installation');
  addService(serve, 'coordinator', 'drive the runs of a share of the partitions').action(
    act(async (...args) => (await import('../actions/serve.js')).serveCoordinator(...args)),
  );
  addService(serve, 'gateway', 'serve the API over REST, SSE and WebSocket').action(
    act(async (...args) => (await import('../actions/serve.js')).serveGateway(...args)),
  );
  addService(serve, 'worker', 'execute steps of the types its plugins provide').action(
    act(async (...args) => (await import('../actions/serve.js')).serveWorker(...args)),
  );
}

function addService(serve: Command, name: string, description: string): Command {
  return serve
    .command(name)
    .description(description)
    .option('--print-config', 'print the effective configuration, secrets masked, and exit');
}
