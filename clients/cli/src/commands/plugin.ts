import { type Command, Option } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { type Act, parseSeconds } from './syntax.js';

export function addPlugin(program: Command, act: Act): void {
  const plugin = program.command('plugin').description('write, check and list plugins');
  addList(plugin, act);
  addAuthoring(plugin, act);
}

function addList(plugin: Command, act: Act): void {
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

function addAuthoring(plugin: Command, act: Act): void {
  plugin
    .command('new')
    .summary('create the package of a plugin')
    .description('Create the package of a plugin with a test and an example. Existing files are never overwritten.')
    .argument('<name>', "name of the package, e.g. 'wordcount' or '@acme/llmteam-wordcount'")
    .addOption(
      new Option('--task', 'a step type that works outside of the engine (default)').conflicts(['control', 'provider']),
    )
    .addOption(new Option('--control', 'a step type that steers the run inside the engine').conflicts('provider'))
    .option('--provider', 'a provider of models')
    .option('--dir <folder>', 'folder to create, or an empty one (default: the name without its scope)')
    .addOption(
      new Option('--license <license>', 'license of the package')
        .choices(['Apache-2.0', 'UNLICENSED'])
        .default('Apache-2.0'),
    )
    .action(act(async (...args) => (await import('../actions/plugin-new.js')).pluginNew(...args)));
  plugin
    .command('check')
    .summary('check the package of a plugin')
    .description(
      'Check the package of a plugin as a host, an operator and npm see it. Its code runs in processes of its own, once more with the ' +
        'isolation and the grant that the configuration has for it (--config, or the file beside the package).',
    )
    .argument('[folder]', 'folder of the package', '.')
    .option('--json', 'print {ok, package, version, checks} as JSON')
    .option(
      '--abort-seconds <seconds>',
      'how long a handler may go on after its attempt was cancelled',
      parseSeconds,
      2,
    )
    .option('--timeout <seconds>', 'how long all checks may take', parseSeconds, 60)
    .addOption(new Option('--inside <options>').hideHelp())
    .action(act(async (...args) => (await import('../actions/plugin-check.js')).pluginCheck(...args)));
}
