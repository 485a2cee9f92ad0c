import type { Command } from 'commander';
import { type Act, expectNats } from './syntax.js';

export function addDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .summary('check configuration and NATS installation')
    .description(
      'Check configuration, plugins, server, streams and services, and report the durability guarantees. Changes nothing. Where no NATS ' +
        'installation is configured, none is needed.',
    )
    .option(...expectNats)
    .option('--json', 'print {ok, checks} as JSON')
    .action(act(async (...args) => (await import('../actions/doctor.js')).doctor(...args)));
}
