import { type FetchOptions, type HttpClientConfig, LlmteamError } from '@llmteam/contracts';
import { type FetchNetwork, type FetchPolicy, openGuardedFetch } from '@llmteam/egress';

export interface Attempt {
  fetch(input: string | URL | Request, options?: FetchOptions): Promise<Response>;
  /** The hosts that were asked about, in order. */
  readonly asked: string[];
  readonly signal: AbortSignal;
  /** Ends the attempt. */
  end(reason: unknown): void;
}

/** Any host may be reached, unless `policy` says otherwise; a `private` one by its name. */
export interface Allowed extends Partial<Omit<FetchPolicy, 'client' | 'signal'>> {
  readonly private?: boolean;
  readonly clients?: Readonly<Record<string, Partial<HttpClientConfig>>>;
}

/** Runs `use` with the fetch of one attempt and connections of its own, which are closed at the end. */
export async function withFetch(
  network: FetchNetwork,
  { private: mayBePrivate = false, clients = {}, ...allowed }: Allowed,
  use: (attempt: Attempt) => Promise<void>,
): Promise<void> {
  const guarded = await openGuardedFetch(network);
  const attempt = new AbortController();
  const asked: string[] = [];
  const policy: FetchPolicy = {
    client: (ref) => clientOf(clients[ref], ref),
    signal: attempt.signal,
    ...allowed,
    checkHost: (host) => {
      asked.push(host);
      return allowed.checkHost?.(host) ?? { mayBePrivate };
    },
  };
  try {
    await use({
      fetch: (input, options) => guarded.fetch(input, options, policy),
      asked,
      signal: attempt.signal,
      end: (reason) => attempt.abort(reason),
    });
  } finally {
    await guarded.close();
  }
}

function clientOf(client: Partial<HttpClientConfig> | undefined, ref: string): HttpClientConfig {
  if (client === undefined) throw new LlmteamError('UNKNOWN_REF', `no client '${ref}' is configured`);
  return { base_url: 'http://localhost', headers: {}, allow_private_network: true, ...client };
}
