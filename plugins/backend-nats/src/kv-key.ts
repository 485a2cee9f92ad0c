/** Keys as a bucket takes them: `/` parts tokens, and what a token may not hold is written `=XX`. An empty part is `=`. */
const plain = /^[A-Za-z0-9_-]+$/;

export function encodeKey(key: string): string {
  return key.split('/').map(encodePart).join('.');
}

export function decodeKey(encoded: string): string {
  return encoded.split('.').map(decodePart).join('/');
}

/** What a watcher of the prefix must listen to: the keys below its last whole part. */
export function prefixFilter(prefix: string): string {
  const parts = prefix.split('/').slice(0, -1);
  return parts.length === 0 ? '>' : `${parts.map(encodePart).join('.')}.>`;
}

function encodePart(part: string): string {
  if (plain.test(part)) return part;
  if (part === '') return '=';
  const bytes = new TextEncoder().encode(part);
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return byte < 128 && plain.test(character) ? character : `=${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }).join('');
}

function decodePart(part: string): string {
  if (part === '=') return '';
  return part.includes('=') ? decodeURIComponent(part.replaceAll('%', '%25').replaceAll('=', '%')) : part;
}

/** By code point, as every adapter lists keys. */
export function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
