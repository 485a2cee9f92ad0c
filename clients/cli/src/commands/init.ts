import { type Command, Option } from 'commander';
import { initProviders } from '../project-template.js';
import type { Act } from './syntax.js';

export function addInit(program: Command, act: Act): void {
  program
    .command('init')
    .summary('create a folder with a first segment')
    .description('Create a folder with a configuration, a segment and a README. Existing files are never overwritten.')
    .argument('<folder>', 'folder to create, or an empty one')
    .addOption(
      new Option('--provider <provider>', 'where the model runs (default: asked on a terminal)').choices(initProviders),
    )
    .option('--model <name>', 'name of the model at the provider')
    .action(act(async (...args) => (await import('../actions/init.js')).init(...args)));
}
