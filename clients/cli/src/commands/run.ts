import { type Command, Option } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { type Act, parseName, parseSeconds } from './syntax.js';

export function addRun(program: Command, act: Act): void {
  const command = program
    .command('run')
    .summary('run a segment')
    .description('Runs a segment and prints its result as one JSON object. `-` reads from stdin.')
    .argument('<file>', 'the segment')
    .option('-i, --input <file>', 'JSON file with the input')
    .addOption(new Option('-j, --input-json <json>', 'the input itself').conflicts('input'))
    .option('-o, --output <file>', 'write the result to a file too')
    .option('-t, --timeout <seconds>', 'time for the whole run', parseSeconds)
    .option('--tenant <name>', 'whose run it is', parseName, 'default')
    .option('--correlation-id <id>', 'an id of yours, to find the run again', parseName);
  withGatewayOptions(command)
    .option('--json', 'print every event as a line of JSON, the result last')
    .action(act(async (...given) => (await import('../actions/run.js')).run(...given)));
}
