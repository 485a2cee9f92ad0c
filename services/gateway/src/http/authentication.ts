import type { IncomingHttpHeaders } from 'node:http';
import { LlmteamError } from '@llmteam/contracts';
import type { KeyRing, Principal } from '../keys/key-ring.js';
import { may } from '../keys/permissions.js';
import type { Route } from '../routes/route.js';

/** The principal of open routes; it owns nothing. */
const anonymous: Principal = { tenant_id: '', role: 'viewer', key: '', name: '', act_for_others: false };

/** Browsers cannot set `Authorization` on a WebSocket, but they can offer subprotocols. */
export const socketProtocol = 'llmteam.v1';
const keyProtocol = 'llmteam.key.';

/** @throws LlmteamError `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_READY` */
export function admit(route: Route, headers: IncomingHttpHeaders, keys: KeyRing): Principal {
  if (route.access === 'open') return anonymous;
  if (!keys.isReady) throw new LlmteamError('NOT_READY', 'the API keys are not loaded yet');
  const key = keyOf(headers);
  const principal = key === null ? null : keys.identify(key);
  if (principal === null) throw new LlmteamError('UNAUTHENTICATED', 'the request has no valid API key');
  if (!may(principal.role, route.access)) {
    throw new LlmteamError('FORBIDDEN', `the role '${principal.role}' does not allow '${route.access}'`);
  }
  return principal;
}

function keyOf({ authorization, upgrade, 'sec-websocket-protocol': protocols }: IncomingHttpHeaders): string | null {
  const bearer = /^bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (bearer !== undefined) return bearer;
  if (upgrade === undefined || protocols === undefined) return null;
  const named = protocols.split(',').map((name) => name.trim());
  return named.find((name) => name.startsWith(keyProtocol))?.slice(keyProtocol.length) ?? null;
}
