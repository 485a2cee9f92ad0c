import { type Command, Option } from 'commander';
import { type Act, parseName } from './syntax.js';

export function addGraph(program: Command, act: Act): void {
  program
    .command('graph')
    .summary('draw a segment')
    .description('Draws a segment as a picture, or as text for Mermaid.')
    .argument('<file>', 'the segment')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .addOption(new Option('--format <format>', 'kind of picture').choices(['svg', 'mermaid']).default('svg'))
    .option('--run <id>', 'show how the steps of this run stand', parseName)
    .option('--tenant <name>', 'whose run it is', parseName, 'default')
    .action(act(async (...given) => (await import('../actions/graph.js')).graph(...given)));
}
