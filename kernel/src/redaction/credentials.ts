/** Request headers whose values are public by nature; a secret there would be sent to every cache on the way. */
const publicHeaders: ReadonlySet<string> = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'accept-language',
  'content-type',
  'user-agent',
]);

/** Whether the value of a request header is a secret. */
export function isSecretHeader(name: string): boolean {
  return !publicHeaders.has(name.toLowerCase());
}

/** `Bearer abc` contains the secret `abc`, and `Basic …` an encoded password as well. */
export function credentialsIn(value: string): string[] {
  const [, scheme = '', credentials] = /^(bearer|basic|token|key|apikey)\s+(\S+)$/i.exec(value) ?? [];
  if (credentials === undefined) return [];
  if (scheme.toLowerCase() !== 'basic') return [credentials];
  const pair = Buffer.from(credentials, 'base64').toString();
  return [credentials, pair.slice(pair.indexOf(':') + 1)];
}
