import type { Command } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import type { Act } from './syntax.js';

export function addValidate(program: Command, act: Act): void {
  const command = program
    .command('validate')
    .summary('validate a segment')
    .description('Validate a segment and print one line per problem. `-` reads from stdin.')
    .argument('<file>', 'segment file');
  withGatewayOptions(command)
    .option('--json', 'print {valid, problems} as JSON')
    .action(act(async (...args) => (await import('../actions/validate.js')).validate(...args)));
}
