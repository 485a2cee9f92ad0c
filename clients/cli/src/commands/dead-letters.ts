import type { Command } from 'commander';
import { type Act, expectNats } from './syntax.js';

export function addDeadLetters(program: Command, act: Act): void {
  program
    .command('dead-letters')
    .summary('list dead-lettered jobs')
    .description(
      'List the jobs that were dead-lettered because every process that ran them died: of a NATS installation or, where none is configured, of this folder.',
    )
    .option(...expectNats)
    .option('--json', 'print {dead_letters, cursor} as JSON')
    .action(act(async (...args) => (await import('../actions/dead-letters.js')).deadLetters(...args)));
}
