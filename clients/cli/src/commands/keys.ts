import { type Command, Option } from 'commander';
import { type Act, onNats, parseName, parseSpan } from './syntax.js';

const roles = ['viewer', 'operator', 'author', 'approver', 'admin'];

export function addKeys(program: Command, act: Act): void {
  const keys = program.command('keys').description('create, list and revoke API keys');
  keys
    .command('create')
    .description('create a key and show it once')
    .addOption(new Option('--role <role>', 'what the key may do').choices(roles).makeOptionMandatory())
    .option('--name <name>', 'name of the person or service that uses it', parseName, 'key')
    .option('--act-for-others', 'may claim and answer human tasks on behalf of other people')
    .option('--tenant <name>', 'tenant the key belongs to', parseName, 'default')
    .option('--expires <time>', 'lifetime: 30m, 12h, 90d (default: unlimited)', parseSpan)
    .option(...onNats)
    .option('--json', 'print {key, …} as JSON')
    .action(act(async (...args) => (await import('../actions/keys.js')).keysCreate(...args)));
  keys
    .command('list')
    .description('list keys without their secrets')
    .option('--tenant <name>', 'only keys of this tenant', parseName)
    .option(...onNats)
    .option('--json', 'print {keys} as JSON')
    .action(act(async (...args) => (await import('../actions/keys.js')).keysList(...args)));
  keys
    .command('revoke')
    .description('revoke a key everywhere, with immediate effect')
    .argument('<prefix>', 'part of the key between the underscores', parseName)
    .option(...onNats)
    .action(act(async (...args) => (await import('../actions/keys.js')).keysRevoke(...args)));
}
