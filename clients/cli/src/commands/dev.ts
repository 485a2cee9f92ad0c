import type { Command } from 'commander';
import { holdYoungGeneration } from '../young-generation.js';
import { type Act, parsePort } from './syntax.js';

export function addDev(program: Command, act: Act): void {
  program
    .command('dev')
    .summary('run a local server with the API')
    .description('Run segments and serve the API in one process until stopped. The first start creates an API key.')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0 picks a free one', parsePort, 8700)
    .option('--origin <origin...>', 'allowed CORS origins, e.g. http://localhost:5173')
    .action(
      act(async (...args) => {
        holdYoungGeneration();
        return (await import('../actions/dev.js')).dev(...args);
      }),
    );
}
