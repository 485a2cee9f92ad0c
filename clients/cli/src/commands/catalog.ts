import type { Command } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import type { Act } from './syntax.js';

export function addCatalog(program: Command, act: Act): void {
  const command = program
    .command('catalog')
    .summary('list step types, or describe one')
    .description('Lists the step types that segments can use, or describes one.')
    .argument('[type]', 'a step type');
  withGatewayOptions(command)
    .option('--json', 'print the metadata')
    .action(act(async (...given) => (await import('../actions/catalog.js')).catalog(...given)));
}
