import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addProviders(program: Command, act: Act): void {
  program
    .command('providers')
    .summary('list model providers and configured models')
    .description('List model providers, configured models and unset environment variables.')
    .option('--json', 'print {providers, llms, missing_variables} as JSON')
    .action(act(async (...args) => (await import('../actions/providers.js')).providers(...args)));
}
