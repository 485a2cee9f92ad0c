import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addIndex(program: Command, act: Act): void {
  const index = program.command('index').description('maintain the index of runs and tasks');
  index
    .command('rebuild')
    .summary('rebuild the index from the journal')
    .description('Drop the index of runs and tasks and rebuild it from the journal. Runs are not touched.')
    .option('--nats', 'rebuild the index of the configured NATS installation; stop its gateway first')
    .option('--json', 'print {stores, runs, tasks, duration_ms} as JSON')
    .action(act(async (...args) => (await import('../actions/index-rebuild.js')).indexRebuild(...args)));
}
