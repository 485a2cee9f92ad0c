import type { Command } from 'commander';
import { type Act, parsePort } from './syntax.js';

export function addDev(program: Command, act: Act): void {
  program
    .command('dev')
    .summary('serve the API on this machine')
    .description(
      'Runs segments and serves the API, in one process, until it is stopped. Makes a key at the first start.',
    )
    .option('--host <address>', 'where to listen', '127.0.0.1')
    .option('--port <port>', 'where to listen; 0: any that is free', parsePort, 8700)
    .option('--origin <origin...>', 'web pages that may use the API, e.g. http://localhost:5173')
    .action(act(async (...given) => (await import('../actions/dev.js')).dev(...given)));
}
