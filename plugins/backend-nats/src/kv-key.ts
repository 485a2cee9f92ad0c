/**
 * Encoding of keys for a bucket: `/` becomes the token separator, characters not allowed in a token are written `=XX`, and an
 * empty part is `=`.
 */
const plain = /^[A-Za-z0-9_-]+$/;

export function encodeKey(key: string): string {
  return key.split('/').map(encodePart).join('.');
}

export function decodeKey(encoded: string): string {
  return encoded.split('.').map(decodePart).join('/');
}

/** The subject filter for watching a prefix: all keys below its last complete part. */
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

/** By code point, the order in which every adapter lists keys. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
