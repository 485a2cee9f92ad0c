const path = '/v1/traces';

/** Where spans are sent: the endpoint of a receiver with the path of the protocol, unless it has that already. */
export function traceUrl(endpoint: string): string {
  const url = new URL(endpoint);
  if (url.pathname.endsWith(path)) return endpoint;
  url.pathname = `${url.pathname.replace(/\/$/, '')}${path}`;
  return url.href;
}
