import type { Command } from 'commander';
import { with_gateway_options } from './gateway-options.js';
import type { Act } from './syntax.js';

export function add_catalog(program: Command, act: Act): void {
  const command = program
    .command('catalog')
    .summary('list step types, or describe one')
    .description('Lists the step types that segments can use, or describes one.')
    .argument('[type]', 'a step type');
  with_gateway_options(command)
    .option('--json', 'print the metadata')
    .action(act(async (...given) => (await import('../actions/catalog.js')).catalog(...given)));
}
