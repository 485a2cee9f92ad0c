import type { Command } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import type { Act } from './syntax.js';

export function addSchema(program: Command, act: Act): void {
  const command = program
    .command('schema')
    .summary('print a JSON Schema of segments for editors')
    .description(
      'Print a JSON Schema of segments that knows the available step types, for completion and checks in editors: write it to a file ' +
        'and name that in "$schema".',
    );
  withGatewayOptions(command)
    .option('-o, --out <file>', 'write to a file instead of stdout')
    .action(act(async (...args) => (await import('../actions/schema.js')).schema(...args)));
}
