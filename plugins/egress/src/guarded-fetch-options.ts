import type { FetchOptions, GuardedFetch, HttpClientConfig } from '@llmteam/contracts';
import type { EgressOptions } from './egress-options.js';

/** What bounds the requests of one attempt. */
export interface FetchPolicy {
  /** Whether a host (`host` or `host:port`, in lower case) is allowed; throws if not. Asked again for every redirect. */
  readonly checkHost: (host: string) => { readonly mayBePrivate: boolean };
  /** The client of `FetchOptions.client`. @throws LlmteamError `UNKNOWN_REF`, `PERMISSION_DENIED` */
  readonly client: (ref: string) => HttpClientConfig;
  /** Aborts when the attempt is over; its reason is what requests and bodies that are being read reject with. */
  readonly signal: AbortSignal;
}

/** The `fetch` of handlers, for any number of attempts. */
export interface PolicedFetch {
  fetch(input: Parameters<GuardedFetch>[0], options: FetchOptions | undefined, policy: FetchPolicy): Promise<Response>;
  /** Aborts running requests and closes idle connections, which else close by themselves and keep no process alive. */
  close(): Promise<void>;
}

/** Overrides for tests and for hosts with special networks. */
export type FetchNetwork = Pick<EgressOptions, 'resolve' | 'reachOf'> & { readonly connectMs?: number };

/** No limits but these: the attempt's own deadline ends a request, and the handler reads as much as it wants. */
export const fetchLimits = {
  connectMs: 10_000,
  headerBytes: 16 * 1024,
  /** Of a request, which is kept so that it can be sent again after a redirect. */
  bodyBytes: 16 * 1024 * 1024,
  redirects: 5,
} as const;
