/** Request headers whose values are public by nature; a secret there would be sent to every cache on the way. */
const publicHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'cache-control',
  'content-type',
  'user-agent',
]);

/** Whether the value of a request header is a secret. */
export function isSecretHeader(name: string): boolean {
  return !publicHeaders.has(name.toLowerCase());
}

const schemes: readonly string[] = ['bearer', 'basic', 'token', 'key', 'apikey'];

/** `Bearer abc` contains the secret `abc`, and `Basic …` an encoded user name and password as well. */
export function credentialsIn(value: string): string[] {
  const [, first = '', credentials] = /^([a-z][\w-]*)\s+(\S+)$/i.exec(value) ?? [];
  if (credentials === undefined) return [];
  const scheme = first.toLowerCase();
  // Of a title such as `My Application`, the last word is no secret.
  if (!schemes.includes(scheme) && /^[a-z]+$/i.test(credentials)) return [];
  if (scheme !== 'basic') return [credentials];
  const pair = Buffer.from(credentials, 'base64').toString();
  return [credentials, pair, pair.slice(pair.indexOf(':') + 1)];
}
