import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function add_serve(program: Command, act: Act): void {
  const serve = program.command('serve').description('run a service of an installation on NATS');
  add_service(serve, 'coordinator', 'drive runs: owns a share of the partitions').action(
    act(async (...given) => (await import('../actions/serve.js')).serve_coordinator(...given)),
  );
  add_service(serve, 'gateway', 'serve REST, SSE and WebSocket, as many as are wanted').action(
    act(async (...given) => (await import('../actions/serve.js')).serve_gateway(...given)),
  );
  add_service(serve, 'worker', 'run steps: takes the jobs of the step types its plugins bring').action(
    act(async (...given) => (await import('../actions/serve.js')).serve_worker(...given)),
  );
}

function add_service(serve: Command, name: string, description: string): Command {
  return serve
    .command(name)
    .description(description)
    .option('--print-config', 'print the configuration that counts, secrets masked, and end');
}
