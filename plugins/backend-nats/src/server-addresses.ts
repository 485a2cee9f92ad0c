/** Servers as people write them: `nats://user:password@host:4222`. The client takes neither user nor password from there. */
import type { NatsSettings } from './settings.js';

export interface Addresses {
  /** Without users and passwords: fit for the client, for messages and for logs. */
  readonly servers: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly token?: string;
}

const withLogin = /^([a-z]+:\/\/)?(.*)@([^@]*)$/i;

/** What the settings say for themselves wins over what the addresses hold. */
export function addressesOf({ servers, user, password, token }: NatsSettings): Addresses {
  const login = servers.map(loginIn).find((found) => found !== null);
  return {
    servers: servers.map((server) => server.replace(withLogin, '$1$3')),
    ...(user === undefined && token === undefined ? login : {}),
    ...(user !== undefined && { user, password: password ?? '' }),
    ...(token !== undefined && { token }),
  };
}

/** As every NATS client reads it: with a colon user and password, without one a token. */
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
