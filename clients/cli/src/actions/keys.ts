import type { KeyCreated, KeyListing, Role } from '@llmteam/contracts';
import { makeColours } from '../colours.js';
import { shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { openKeys, type WhichKeys } from '../key-access.js';
import { printNote } from '../notes.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

interface CreateOptions extends WhichKeys {
  readonly role: Role;
  readonly name: string;
  readonly tenant: string;
  readonly actForOthers?: boolean;
  /** Milliseconds. */
  readonly expires?: number;
  readonly json?: boolean;
}

export async function keysCreate(
  settings: Settings,
  _args: readonly string[],
  options: CreateOptions,
): Promise<ExitCode> {
  const { role, name, actForOthers = false, expires, json } = options;
  const created: KeyCreated = await openKeys(settings, options).create({
    role,
    name,
    act_for_others: actForOthers,
    ...(expires !== undefined && { expires_at: new Date(Date.now() + expires).toISOString() }),
  });
  settings.streams.print(json === true ? `${JSON.stringify(created, null, 2)}\n` : `${created.key}\n`);
  if (json !== true)
    printNote(settings, `The key '${name}' is shown only once. To revoke it: llmteam keys revoke ${created.prefix}`);
  return exitCodes.completed;
}

export async function keysList(
  settings: Settings,
  _args: readonly string[],
  { json, ...which }: WhichKeys & { json?: boolean },
): Promise<ExitCode> {
  const keys = await openKeys(settings, which).list();
  if (json === true) {
    settings.streams.print(`${JSON.stringify({ keys, cursor: null }, null, 2)}\n`);
    return exitCodes.completed;
  }
  if (keys.length === 0) {
    printNote(settings, 'No keys.');
    return exitCodes.completed;
  }
  const rows = keys.map((key) => [
    key.prefix,
    key.tenant_id,
    key.role,
    key.name,
    key.act_for_others ? 'yes' : '',
    stateOf(key),
  ]);
  const colours = makeColours(settings.colours.stdout);
  const fit = { width: settings.streams.stdoutColumns, whole: [0] };
  const head = ['PREFIX', 'TENANT', 'ROLE', 'NAME', 'FOR OTHERS', 'STATE'];
  settings.streams.print(table(head, rows, colours, fit));
  return exitCodes.completed;
}

export async function keysRevoke(
  settings: Settings,
  [prefix = '']: readonly string[],
  which: WhichKeys,
): Promise<ExitCode> {
  const { name } = await openKeys(settings, which).revoke(prefix);
  printNote(settings, `The key '${name}' is revoked.`);
  return exitCodes.completed;
}

function stateOf({ revoked_at, expires_at }: KeyListing): string {
  if (revoked_at !== null) return `revoked ${shownTime(Date.parse(revoked_at))}`;
  if (expires_at === null) return 'valid';
  const at = Date.parse(expires_at);
  return at > Date.now() ? `valid until ${shownTime(at)}` : `expired ${shownTime(at)}`;
}
