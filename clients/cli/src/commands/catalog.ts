import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function add_catalog(program: Command, act: Act): void {
  program
    .command('catalog')
    .summary('list step types, or describe one')
    .description('Lists the step types that segments can use, or describes one.')
    .argument('[type]', 'a step type')
    .option('--json', 'print the metadata')
    .action(act(async (...given) => (await import('../actions/catalog.js')).catalog(...given)));
}
