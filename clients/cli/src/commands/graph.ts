import { type Command, Option } from 'commander';
import { type Act, parse_name } from './syntax.js';

export function add_graph(program: Command, act: Act): void {
  program
    .command('graph')
    .summary('draw a segment')
    .description('Draws a segment as a picture, or as text for Mermaid.')
    .argument('<file>', 'the segment')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .addOption(new Option('--format <format>', 'kind of picture').choices(['svg', 'mermaid']).default('svg'))
    .option('--run <id>', 'show how the steps of this run stand', parse_name)
    .option('--tenant <name>', 'whose run it is', parse_name, 'default')
    .action(act(async (...given) => (await import('../actions/graph.js')).graph(...given)));
}
