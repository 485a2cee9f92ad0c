import { type Command, Option } from 'commander';
import { withGatewayOptions } from './gateway-options.js';
import { type Act, onNats, parseName, parseSpan } from './syntax.js';

const roles = ['viewer', 'operator', 'author', 'approver', 'admin'];

export function addKeys(program: Command, act: Act): void {
  const keys = program.command('keys').description('create, list and revoke API keys');
  const create = keys
    .command('create')
    .description('create a key and show it once')
    .addOption(new Option('--role <role>', 'what the key may do').choices(roles).makeOptionMandatory())
    .option('--name <name>', 'name of the person or service that uses it', parseName, 'key')
    .option('--act-for-others', 'may claim and answer human tasks on behalf of other people')
    .option('--tenant <name>', 'tenant the key belongs to', parseName, 'default')
    .option('--expires <time>', 'lifetime: 30m, 12h, 90d (default: unlimited)', parseSpan);
  whereKeysAre(create)
    .option('--json', 'print {key, …} as JSON')
    .action(act(async (...args) => (await import('../actions/keys.js')).keysCreate(...args)));
  const list = keys
    .command('list')
    .description('list keys without their secrets')
    .option('--tenant <name>', 'only keys of this tenant', parseName);
  whereKeysAre(list)
    .option('--json', 'print {keys, cursor} as JSON')
    .action(act(async (...args) => (await import('../actions/keys.js')).keysList(...args)));
  const revoke = keys
    .command('revoke')
    .description('revoke a key everywhere, with immediate effect')
    .argument('<prefix>', 'part of the key between the underscores', parseName);
  whereKeysAre(revoke).action(act(async (...args) => (await import('../actions/keys.js')).keysRevoke(...args)));
}

function whereKeysAre(command: Command): Command {
  return withGatewayOptions(command.option(...onNats));
}
