/** The HTTP client is loaded by `openEgress`: most processes never send a request. */
import type { Egress, EgressOptions } from './egress-options.js';

export { type Reach, reachOf } from './address.js';
export type { ConnectionLimits, Egress, EgressOptions, Resolve } from './egress-options.js';
export { becomesGet, bodyHeaders, crossOriginHeaders, isRedirect, redirectedUrl } from './redirect.js';
export { headerFault } from './request-headers.js';
export { checkUrl, hasControlCharacters, joinPath, leavesBase, shownUrl } from './url.js';
export { watched } from './watched.js';

/** Guarded connections, for callers with an HTTP client of their own. */
export async function openEgress(options: EgressOptions): Promise<Egress> {
  const { createEgress } = await import('./egress.js');
  return createEgress(options);
}
