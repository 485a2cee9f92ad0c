import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addDoctor(program: Command, act: Act): void {
  program
    .command('doctor')
    .summary('check an installation on NATS')
    .description(
      'Checks configuration, plugins, server, streams and services, and says what is promised. Changes nothing.',
    )
    .option('--json', 'print {ok, checks}')
    .action(act(async (...given) => (await import('../actions/doctor.js')).doctor(...given)));
}
