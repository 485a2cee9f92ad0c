import { LlmteamError } from '@llmteam/contracts';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

const failures: Readonly<Record<string, (address: ListenAddress) => string>> = {
  EADDRINUSE: ({ port }) => `another program is using port ${port}; stop that program or choose another port`,
  EACCES: ({ port }) =>
    `permission denied; ports below 1024, such as ${port}, may need privileges: choose a higher one`,
  EADDRNOTAVAIL: ({ host }) => `this machine has no address '${host}'; 127.0.0.1 is local, 0.0.0.0 is every interface`,
  EAFNOSUPPORT: ({ host }) => `this machine does not support addresses like '${host}'`,
  ENOTFOUND: ({ host }) => `the host name '${host}' cannot be resolved; 127.0.0.1 is local, 0.0.0.0 is every interface`,
  EAI_AGAIN: ({ host }) => `the host name '${host}' cannot be resolved at the moment`,
  EMFILE: () => 'this process has too many open files; raise the limit (ulimit -n)',
};

/** Why a server cannot listen, and what to do about it. `setting` is where the address comes from, e.g. `--port`. */
export function listenError(address: ListenAddress, setting: string, cause: unknown): LlmteamError {
  const { code = '', message = String(cause) } = cause as NodeJS.ErrnoException;
  const shown = address.host.includes(':') ? `[${address.host}]` : address.host;
  const reason = failures[code]?.(address) ?? (code === '' ? message : code);
  return new LlmteamError('CONFIG_INVALID', `cannot listen on ${shown}:${address.port}: ${reason} (${setting})`, {
    cause,
  });
}
