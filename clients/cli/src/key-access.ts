/** Access to API keys, whether in a store, on NATS, or at a gateway, where the key of the caller determines the tenant. */
import { type CreateKeyBody, KeyCreated, type KeyListing, KeyPage, LlmteamError } from '@llmteam/contracts';
import { KeyStore, keyListingOf } from '@llmteam/dev';
import { type WhichKvStore, withKvStoreOf } from './kv-stores.js';
import type { Gateway } from './remote/gateway-address.js';
import { GatewayStores } from './remote/gateway-stores.js';
import type { Settings } from './settings.js';

export interface WhichKeys extends WhichKvStore {
  readonly tenant?: string;
}

interface Keys {
  create(request: CreateKeyBody): Promise<KeyCreated>;
  /** Sorted by prefix. */
  list(): Promise<readonly KeyListing[]>;
  /** Returns the revoked key. @throws LlmteamError `KEY_UNKNOWN` */
  revoke(prefix: string): Promise<Pick<KeyListing, 'name'>>;
}

export function openKeys(settings: Settings, which: WhichKeys): Keys {
  return settings.gateway === null ? storedKeys(settings, which) : keysAtGateway(settings, settings.gateway);
}

const keysPerPage = 1_000;

/** Wall clock: the expiry of a key must not depend on the process that checks it. */
const clock = { now: () => Date.now() };

function storedKeys(settings: Settings, { tenant, ...which }: WhichKeys): Keys {
  const use = <T>(act: (keys: KeyStore) => Promise<T>): Promise<T> =>
    withKvStoreOf(settings, which, (kv) => act(new KeyStore(kv, clock)));
  return {
    async create({ role, name, act_for_others = false, expires_at = null }) {
      const expiresAt = expires_at === null ? null : Date.parse(expires_at);
      const request = { tenant_id: tenant ?? 'default', role, name, act_for_others, expires_at: expiresAt };
      const { key, listing } = await use((keys) => keys.create(request));
      return { key, ...keyListingOf(listing) };
    },
    list: () => use(async (keys) => (await keys.list(tenant)).map(keyListingOf)),
    revoke: (prefix) => use((keys) => keys.revoke(prefix)),
  };
}

function keysAtGateway(settings: Settings, gateway: Gateway): Keys {
  const { client, runs } = new GatewayStores(settings, gateway);
  const list = async (): Promise<readonly KeyListing[]> => {
    const found: KeyListing[] = [];
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const page: KeyPage = await runs.ask(
        KeyPage,
        client.listKeys({ limit: keysPerPage, ...(cursor !== undefined && { cursor }) }),
      );
      found.push(...page.keys);
      cursor = page.cursor;
    }
    return found;
  };
  return {
    create: (request) => runs.ask(KeyCreated, client.createKey(request)),
    list,
    async revoke(prefix) {
      const revoked = (await list()).find((key) => key.prefix === prefix);
      if (revoked === undefined) throw new LlmteamError('KEY_UNKNOWN', `there is no key '${prefix}'`);
      await runs.ask(
        {},
        client.revokeKey(prefix).then(() => ({})),
      );
      return revoked;
    },
  };
}
