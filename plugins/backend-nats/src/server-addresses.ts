/** Parses server URLs such as `nats://user:password@host:4222`; the client itself ignores user and password in them. */
import type { NatsSettings } from './settings.js';

export interface Addresses {
  /** Without credentials: safe for the client, for messages and for logs. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

const withLogin = /^([a-z]+:\/\/)?(.*)@([^@]*)$/i;

/** Explicit settings take precedence over credentials in the addresses. */
export function addressesOf({ servers, user, password, token }: NatsSettings): Addresses {
  const login = servers.map(loginIn).find((found) => found !== null);
  return {
    servers: servers.map((server) => server.replace(withLogin, '$1$3')),
    ...(user === undefined && token === undefined ? login : {}),
    ...(user !== undefined && { user, password: password ?? '' }),
    ...(token !== undefined && { token }),
  };
}

/** As in every NATS client: user and password if there is a colon, else a token. */
function loginIn(server: string): Omit<Addresses, 'servers'> | null {
  const text = withLogin.exec(server)?.[2];
  if (text === undefined) return null;
  const colon = text.indexOf(':');
  if (colon < 0) return { token: decoded(text) };
  return { user: decoded(text.slice(0, colon)), password: decoded(text.slice(colon + 1)) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
