import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addServe(program: Command, act: Act): void {
  const serve = program.command('serve').description('run a service of an installation on NATS');
  addService(serve, 'coordinator', 'drive runs: owns a share of the partitions').action(
    act(async (...given) => (await import('../actions/serve.js')).serveCoordinator(...given)),
  );
  addService(serve, 'gateway', 'serve REST, SSE and WebSocket, as many as are wanted').action(
    act(async (...given) => (await import('../actions/serve.js')).serveGateway(...given)),
  );
  addService(serve, 'worker', 'run steps: takes the jobs of the step types its plugins bring').action(
    act(async (...given) => (await import('../actions/serve.js')).serveWorker(...given)),
  );
}

function addService(serve: Command, name: string, description: string): Command {
  return serve
    .command(name)
    .description(description)
    .option('--print-config', 'print the configuration that counts, secrets masked, and end');
}
