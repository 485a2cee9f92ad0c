import { type Command, Option } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { type Act, parseEntry, parseName, parseSeconds } from './syntax.js';

export function addRun(program: Command, act: Act): void {
  const command = program
    .command('run')
    .summary('run a segment')
    .description('Run a segment and print its result as a JSON object. `-` reads from stdin.')
    .argument('<file>', 'segment file')
    .option('-i, --input <file>', 'read the input from a JSON file')
    .addOption(new Option('-j, --input-json <json>', 'pass the input as JSON').conflicts('input'))
    .option('-o, --output <file>', 'also write the result to a file')
    .option('-t, --timeout <seconds>', 'timeout of the whole run', parseSeconds)
    .option('--tenant <name>', 'tenant of the run', parseName, 'default')
    .option('--correlation-id <id>', 'your own id for finding the run later', parseName)
    .option('--metadata <name=value>', 'your own label for finding the run later; repeatable', parseEntry);
  withGatewayOptions(command)
    .option('--watch', 'run again whenever the segment, its configuration or the input changes')
    .option('--no-prompt', 'ask nothing on a terminal: print the commands that answer')
    .option('--json', 'print events as JSON lines, the result last')
    .action(act(async (...args) => (await import('../actions/run.js')).run(...args)));
}
