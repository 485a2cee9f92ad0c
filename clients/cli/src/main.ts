import { run_command_line } from './command-line.js';

process.exit(await run_command_line(process.argv.slice(2)));
