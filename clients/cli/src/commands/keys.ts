import { type Command, Option } from 'commander';
import { type Act, on_nats, parse_name, parse_span } from './syntax.js';

const roles = ['viewer', 'operator', 'author', 'approver', 'admin'];

export function add_keys(program: Command, act: Act): void {
  const keys = program.command('keys').description('make, list and revoke API keys');
  keys
    .command('create')
    .description('make a key; it is shown once')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--name <name>', 'whose it is', parse_name, 'key')
    .option('--tenant <name>', 'the tenant it belongs to', parse_name, 'default')
    .option('--expires <time>', 'when it ends: 30m, 12h, 90d (default: never)', parse_span)
    .option(...on_nats)
    .option('--json', 'print {key, …}')
    .action(act(async (...given) => (await import('../actions/keys.js')).keys_create(...given)));
  keys
    .command('list')
    .description('list keys; never the secret part')
    .option('--tenant <name>', 'only of this tenant', parse_name)
    .option(...on_nats)
    .option('--json', 'print {keys}')
    .action(act(async (...given) => (await import('../actions/keys.js')).keys_list(...given)));
  keys
    .command('revoke')
    .description('end a key now, everywhere')
    .argument('<prefix>', 'the part of the key between the underscores', parse_name)
    .option(...on_nats)
    .action(act(async (...given) => (await import('../actions/keys.js')).keys_revoke(...given)));
}
