import type { FetchOptions, GuardedFetch, HttpClientConfig } from '@llmteam/contracts';

/** What bounds the requests of one attempt. */
export interface OutboundPolicy {
  /** Whether a host (`host` or `host:port`, in lower case) is allowed; throws if not. Asked again for every redirect. */
  readonly checkHost: (host: string) => { readonly mayBePrivate: boolean };
  /** The client of `FetchOptions.client`. @throws LlmteamError `UNKNOWN_REF`, `PERMISSION_DENIED` */
  readonly client: (ref: string) => HttpClientConfig;
  /** Aborts when the attempt is over; its reason is what the request rejects with. */
  readonly signal: AbortSignal;
}

/** The port through which handlers send requests. They continue the span of the active OpenTelemetry context, if it has one. */
export type Outbound = (
  input: Parameters<GuardedFetch>[0],
  options: FetchOptions | undefined,
  policy: OutboundPolicy,
) => Promise<Response>;
