import { type Command, Option } from 'commander';
import { type Act, onNats, parseName, parseSpan } from './syntax.js';

const roles = ['viewer', 'operator', 'author', 'approver', 'admin'];

export function addKeys(program: Command, act: Act): void {
  const keys = program.command('keys').description('make, list and revoke API keys');
  keys
    .command('create')
    .description('make a key; it is shown once')
    .addOption(new Option('--role <role>', 'what it may do').choices(roles).makeOptionMandatory())
    .option('--name <name>', 'whose it is', parseName, 'key')
    .option('--tenant <name>', 'the tenant it belongs to', parseName, 'default')
    .option('--expires <time>', 'when it ends: 30m, 12h, 90d (default: never)', parseSpan)
    .option(...onNats)
    .option('--json', 'print {key, …}')
    .action(act(async (...given) => (await import('../actions/keys.js')).keysCreate(...given)));
  keys
    .command('list')
    .description('list keys; never the secret part')
    .option('--tenant <name>', 'only of this tenant', parseName)
    .option(...onNats)
    .option('--json', 'print {keys}')
    .action(act(async (...given) => (await import('../actions/keys.js')).keysList(...given)));
  keys
    .command('revoke')
    .description('end a key now, everywhere')
    .argument('<prefix>', 'the part of the key between the underscores', parseName)
    .option(...onNats)
    .action(act(async (...given) => (await import('../actions/keys.js')).keysRevoke(...given)));
}
