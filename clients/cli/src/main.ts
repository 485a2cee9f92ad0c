import { runCommandLine } from './command-line.js';

process.exit(await runCommandLine(process.argv.slice(2)));
