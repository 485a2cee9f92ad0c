import { type Command, Option } from 'commander';
import { with_gateway_options } from './gateway-options.js';
import { type Act, parse_name, parse_seconds } from './syntax.js';

export function add_run(program: Command, act: Act): void {
  const command = program
    .command('run')
    .summary('run a segment')
    .description('Runs a segment and prints its result as one JSON object. `-` reads from stdin.')
    .argument('<file>', 'the segment')
    .option('-i, --input <file>', 'JSON file with the input')
    .addOption(new Option('-j, --input-json <json>', 'the input itself').conflicts('input'))
    .option('-o, --output <file>', 'write the result to a file too')
    .option('-t, --timeout <seconds>', 'time for the whole run', parse_seconds)
    .option('--tenant <name>', 'whose run it is', parse_name, 'default')
    .option('--correlation-id <id>', 'an id of yours, to find the run again', parse_name);
  with_gateway_options(command)
    .option('--json', 'print every event as a line of JSON, the result last')
    .action(act(async (...given) => (await import('../actions/run.js')).run(...given)));
}
