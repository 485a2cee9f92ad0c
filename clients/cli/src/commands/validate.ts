import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function add_validate(program: Command, act: Act): void {
  program
    .command('validate')
    .summary('find everything that is wrong with a segment')
    .description('Prints one line per problem. `-` reads from stdin.')
    .argument('<file>', 'the segment')
    .option('--json', 'print {valid, problems}')
    .action(act(async (...given) => (await import('../actions/validate.js')).validate(...given)));
}
