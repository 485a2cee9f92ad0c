import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addPlugin(program: Command, act: Act): void {
  const plugin = program.command('plugin').description('look at plugins');
  plugin
    .command('list')
    .description('list the plugins that are loaded')
    .option('--json', 'print a list of {name, version, step_types, model_providers}')
    .action(act(async (...given) => (await import('../actions/plugin-list.js')).pluginList(...given)));
}
