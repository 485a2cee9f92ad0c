import type { Command } from 'commander';
import type { Act } from './syntax.js';

export function addPlugin(program: Command, act: Act): void {
  const plugin = program.command('plugin').description('inspect plugins');
  plugin
    .command('list')
    .description('list loaded plugins')
    .option('--json', 'print {plugins, cursor} as JSON')
    .action(act(async (...args) => (await import('../actions/plugin-list.js')).pluginList(...args)));
}
