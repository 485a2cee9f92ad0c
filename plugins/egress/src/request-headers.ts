/** Connection and framing headers: setting them would allow request smuggling. */
const managedHeaders: ReadonlySet<string> = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'http2-settings', 'keep-alive'],
  ...['proxy-authorization', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

/** Why a request may not carry a header, as a sentence that never shows its value; null if it may. `sender` sets the managed headers. */
export function headerFault(name: string, value: string, sender: string): string | null {
  const lower = name.toLowerCase();
  const shown = JSON.stringify(name.slice(0, 64));
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(lower)) return `${shown} is not a valid header name`;
  if (managedHeaders.has(lower)) return `header ${shown} is set by ${sender} itself`;
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return null;
  return `the value of header ${shown} contains characters that are not allowed in a header`;
}
