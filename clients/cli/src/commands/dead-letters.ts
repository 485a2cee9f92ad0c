import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addDeadLetters(program: Command, act: Act): void {
  program
    .command('dead-letters')
    .summary('list jobs that no worker survived')
    .description(
      'Lists the jobs of an installation on NATS that were given up because every worker that took them died.',
    )
    .option('--json', 'print {dead_letters}')
    .action(act(async (...given) => (await import('../actions/dead-letters.js')).deadLetters(...given)));
}
