import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addServe(program: Command, act: Act): void {
  const serve = program.command('serve').description('run a service of a NATS installation');
  addService(serve, 'coordinator', 'drive the runs of a share of the partitions').action(
    act(async (...given) => (await import('../actions/serve.js')).serveCoordinator(...given)),
  );
  addService(serve, 'gateway', 'serve the API over REST, SSE and WebSocket').action(
    act(async (...given) => (await import('../actions/serve.js')).serveGateway(...given)),
  );
  addService(serve, 'worker', 'execute steps of the types its plugins provide').action(
    act(async (...given) => (await import('../actions/serve.js')).serveWorker(...given)),
  );
}

function addService(serve: Command, name: string, description: string): Command {
  return serve
    .command(name)
    .description(description)
    .option('--print-config', 'print the effective configuration, secrets masked, and exit');
}
