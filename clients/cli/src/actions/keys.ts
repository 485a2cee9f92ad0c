import type { Role } from '@llmteam/contracts';
import { type ApiKeyListing, KeyStore } from '@llmteam/dev';
import { makeColours } from '../colours.js';
import { shownTime } from '../durations.js';
import { type ExitCode, exitCodes } from '../exit-codes.js';
import { type WhichKvStore, withKvStoreOf } from '../kv-stores.js';
import { printNote } from '../notes.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';

interface CreateOptions extends WhichKvStore {
  readonly role: Role;
  readonly name: string;
  readonly tenant: string;
  readonly actForOthers?: boolean;
  /** Milliseconds. */
  readonly expires?: number;
  readonly json?: boolean;
}

/** Wall clock: the expiry of a key must not depend on the process that checks it. */
const clock = { now: () => Date.now() };

export async function keysCreate(
  settings: Settings,
  _args: readonly string[],
  options: CreateOptions,
): Promise<ExitCode> {
  const { role, name, tenant, actForOthers = false, expires, json } = options;
  const expiresAt = expires === undefined ? null : clock.now() + expires;
  const created = await withKvStoreOf(settings, options, (kv) =>
    new KeyStore(kv, clock).create({
      tenant_id: tenant,
      role,
      name,
      act_for_others: actForOthers,
      expires_at: expiresAt,
    }),
  );
  const shown = { key: created.key, ...asJson(created.listing) };
  settings.streams.print(json === true ? `${JSON.stringify(shown, null, 2)}\n` : `${created.key}\n`);
  if (json !== true)
    printNote(
      settings,
      `The key '${name}' is shown only once. To revoke it: llmteam keys revoke ${created.listing.prefix}`,
    );
  return exitCodes.completed;
}

export async function keysList(
  settings: Settings,
  _args: readonly string[],
  { tenant, json, ...which }: WhichKvStore & { tenant?: string; json?: boolean },
): Promise<ExitCode> {
  const keys = await withKvStoreOf(settings, which, (kv) => new KeyStore(kv, clock).list(tenant));
  if (json === true) {
    settings.streams.print(`${JSON.stringify({ keys: keys.map(asJson) }, null, 2)}\n`);
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
  settings.streams.print(rows.length === 0 ? '' : table(head, rows, colours, fit));
  return exitCodes.completed;
}

export async function keysRevoke(
  settings: Settings,
  [prefix = '']: readonly string[],
  which: WhichKvStore,
): Promise<ExitCode> {
  const { name } = await withKvStoreOf(settings, which, (kv) => new KeyStore(kv, clock).revoke(prefix));
  printNote(settings, `The key '${name}' is revoked.`);
  return exitCodes.completed;
}

function stateOf({ revoked_at, expires_at }: ApiKeyListing): string {
  if (revoked_at !== null) return `revoked ${shownTime(revoked_at)}`;
  if (expires_at === null) return 'valid';
  return expires_at > clock.now() ? `valid until ${shownTime(expires_at)}` : `expired ${shownTime(expires_at)}`;
}

function asJson({ created_at, expires_at, revoked_at, ...rest }: ApiKeyListing): object {
  return {
    ...rest,
    created_at: iso(created_at),
    expires_at: expires_at === null ? null : iso(expires_at),
    revoked_at: revoked_at === null ? null : iso(revoked_at),
  };
}

function iso(at: number): string {
  return new Date(at).toISOString();
}
