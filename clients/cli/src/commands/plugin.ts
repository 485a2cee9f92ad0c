import type { Command } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import type { Act } from './syntax.js';

export function addPlugin(program: Command, act: Act): void {
  const plugin = program.command('plugin').description('inspect plugins');
  const list = plugin
    .command('list')
    .summary('list loaded plugins and the versions that are needed')
    .description('List loaded plugins, and which versions of step types stored segments and live runs need.');
  withGatewayOptions(list)
    .option('--json', 'print {plugins, versions, is_complete, cursor} as JSON')
    .action(act(async (...args) => (await import('../actions/plugin-list.js')).pluginList(...args)));
  const remove = plugin
    .command('remove')
    .summary('check whether a plugin may be removed')
    .description(
      'Check whether stored segments or live runs need a plugin that no other version provides. Changes nothing.',
    )
    .argument('<plugin>', 'name, or name@version')
    .option('--check', 'required: only the configuration file removes a plugin');
  withGatewayOptions(remove)
    .option('--json', 'print {plugins, is_removable, is_complete, needed} as JSON')
    .action(act(async (...args) => (await import('../actions/plugin-remove.js')).pluginRemove(...args)));
}
