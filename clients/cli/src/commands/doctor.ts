import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .summary('check a NATS installation')
    .description(
      'Check configuration, plugins, server, streams and services, and report the durability guarantees. Changes nothing.',
    )
    .option('--json', 'print {ok, checks} as JSON')
    .action(act(async (...args) => (await import('../actions/doctor.js')).doctor(...args)));
}
