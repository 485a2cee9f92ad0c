import type { Command } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import type { Act } from './syntax.js';

export function addValidate(program: Command, act: Act): void {
  const command = program
    .command('validate')
    .summary('find everything that is wrong with a segment')
    .description('Prints one line per problem. `-` reads from stdin.')
    .argument('<file>', 'the segment');
  withGatewayOptions(command)
    .option('--json', 'print {valid, problems}')
    .action(act(async (...given) => (await import('../actions/validate.js')).validate(...given)));
}
