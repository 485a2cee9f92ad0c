import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addVersion(program: Command, act: Act): void {
  program
    .command('version')
    .description('print the version')
    .option('--json', 'print {llmteam, node, platform} as JSON')
    .action(act(async (...args) => (await import('../actions/version.js')).version(...args)));
}
