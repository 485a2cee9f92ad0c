import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addIndex(program: Command, act: Act): void {
  const index = program.command('index').description('look after the lists of runs and tasks');
  index
    .command('rebuild')
    .summary('make the lists anew from what happened')
    .description('Throws the lists of runs and tasks away and makes them anew from the journal. Runs are not touched.')
    .option('--nats', 'the lists of the gateway on NATS that the configuration names; it must not run meanwhile')
    .option('--json', 'print {stores, runs, tasks, duration_ms}')
    .action(act(async (...given) => (await import('../actions/index-rebuild.js')).indexRebuild(...given)));
}
