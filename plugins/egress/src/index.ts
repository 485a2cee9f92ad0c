/** The HTTP client is loaded by the first of the two functions that is called: most processes never send a request. */
import type { Egress, EgressOptions } from './egress-options.js';
import type { FetchNetwork, PolicedFetch } from './guarded-fetch-options.js';

export { type Reach, reachOf } from './address.js';
export type { ConnectionLimits, Egress, EgressOptions, Resolve } from './egress-options.js';
export { type FetchNetwork, type FetchPolicy, fetchLimits, type PolicedFetch } from './guarded-fetch-options.js';
export { becomesGet, bodyHeaders, crossOriginHeaders, isRedirect, redirectedUrl } from './redirect.js';
export { headerFault } from './request-headers.js';
export { checkUrl, hasControlCharacters, joinPath, leavesBase, shownUrl } from './url.js';
export { watched } from './watched.js';

/** Guarded connections, for callers with an HTTP client of their own. */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  const { createEgress } = await import('./egress.js');
  return createEgress(options);
}

/** The `fetch` of handlers. */
export async function openGuardedFetch(network: FetchNetwork = {}): Promise<PolicedFetch> {
  const { createGuardedFetch } = await import('./guarded-fetch.js');
  return createGuardedFetch(network);
}
