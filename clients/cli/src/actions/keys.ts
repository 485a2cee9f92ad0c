import type { Role } from '@llmteam/contracts';
import { type ApiKeyListing, KeyStore } from '@llmteam/dev';
import { make_colours } from '../colours.js';
import { type ExitCode, exit_codes } from '../exit-codes.js';
import { type WhichRegistry, with_registry_of } from '../registries.js';
import type { Settings } from '../settings.js';
import { table } from '../table.js';
import { tell } from '../telling.js';

interface CreateOptions extends WhichRegistry {
  readonly role: Role;
  readonly name: string;
  readonly tenant: string;
  /** Milliseconds. */
  readonly expires?: number;
  readonly json?: boolean;
}

/** The clock of people: keys end at a time of day, whatever process looks. */
const clock = { now: () => Date.now() };

export async function keys_create(
  settings: Settings,
  _args: readonly string[],
  options: CreateOptions,
): Promise<ExitCode> {
  const { role, name, tenant, expires, json } = options;
  const expires_at = expires === undefined ? null : clock.now() + expires;
  const made = await with_registry_of(settings, options, (registry) =>
    new KeyStore(registry, clock).create({ tenant_id: tenant, role, name, expires_at }),
  );
  const told = { key: made.key, ...as_json(made.listing) };
  settings.streams.print(json === true ? `${JSON.stringify(told, null, 2)}\n` : `${made.key}\n`);
  if (json !== true)
    tell(
      settings,
      `The key of '${name}' is shown this once. It can be revoked: llmteam keys revoke ${made.listing.prefix}`,
    );
  return exit_codes.completed;
}

export async function keys_list(
  settings: Settings,
  _args: readonly string[],
  { tenant, json, ...which }: WhichRegistry & { tenant?: string; json?: boolean },
): Promise<ExitCode> {
  const keys = await with_registry_of(settings, which, (registry) => new KeyStore(registry, clock).list(tenant));
  if (json === true) {
    settings.streams.print(`${JSON.stringify({ keys: keys.map(as_json) }, null, 2)}\n`);
    return exit_codes.completed;
  }
  const rows = keys.map((key) => [key.prefix, key.tenant_id, key.role, key.name, state_of(key)]);
  const colours = make_colours(settings.colours.stdout);
  settings.streams.print(rows.length === 0 ? '' : table(['PREFIX', 'TENANT', 'ROLE', 'NAME', 'STATE'], rows, colours));
  return exit_codes.completed;
}

export async function keys_revoke(
  settings: Settings,
  [prefix = '']: readonly string[],
  which: WhichRegistry,
): Promise<ExitCode> {
  const { name } = await with_registry_of(settings, which, (registry) => new KeyStore(registry, clock).revoke(prefix));
  tell(settings, `The key of '${name}' counts no more.`);
  return exit_codes.completed;
}

function state_of({ revoked_at, expires_at }: ApiKeyListing): string {
  if (revoked_at !== null) return `revoked ${iso(revoked_at)}`;
  if (expires_at === null) return 'valid';
  return expires_at > clock.now() ? `valid until ${iso(expires_at)}` : `expired ${iso(expires_at)}`;
}

function as_json({ created_at, expires_at, revoked_at, ...rest }: ApiKeyListing): object {
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
