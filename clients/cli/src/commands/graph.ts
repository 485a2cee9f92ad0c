import { type Command, Option } from 'commander';
import { type Act, parseName } from './syntax.js';

export function addGraph(program: Command, act: Act): void {
  program
    .command('graph')
    .summary('draw a segment')
    .description('Draw a segment as an SVG image or as Mermaid source. `-` reads from stdin.')
    .argument('<file>', 'segment file')
    .option('-o, --output <file>', 'write to a .svg, .mmd or .mermaid file instead of stdout')
    .addOption(
      new Option('--format <format>', 'output format (default: by the ending of the file, else svg)').choices([
        'svg',
        'mermaid',
      ]),
    )
    .option('--run <id>', 'show the step states of this run (id or its unique beginning)', parseName)
    .option('--tenant <name>', 'tenant of the run', parseName, 'default')
    .action(act(async (...args) => (await import('../actions/graph.js')).graph(...args)));
}
