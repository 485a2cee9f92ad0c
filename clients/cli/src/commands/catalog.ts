import type { Command } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import type { Act } from './syntax.js';

export function addCatalog(program: Command, act: Act): void {
  const command = program
    .command('catalog')
    .summary('list step types or describe one')
    .description('List the step types available to segments, or describe one.')
    .argument('[type]', 'step type to describe');
  withGatewayOptions(command)
    .option('--json', 'print {types, cursor}, or the type, as JSON')
    .action(act(async (...args) => (await import('../actions/catalog.js')).catalog(...args)));
}
