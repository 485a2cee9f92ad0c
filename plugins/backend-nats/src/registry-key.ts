/** Keys as a bucket takes them: `/` parts tokens, and what a token may not hold is written `=XX`. An empty part is `=`. */
const plain = /^[A-Za-z0-9_-]+$/;

export function encode_key(key: string): string {
  return key.split('/').map(encode_part).join('.');
}

export function decode_key(encoded: string): string {
  return encoded.split('.').map(decode_part).join('/');
}

/** What a watcher of the prefix must listen to: the keys below its last whole part. */
export function prefix_filter(prefix: string): string {
  const parts = prefix.split('/').slice(0, -1);
  return parts.length === 0 ? '>' : `${parts.map(encode_part).join('.')}.>`;
}

function encode_part(part: string): string {
  if (plain.test(part)) return part;
  if (part === '') return '=';
  const bytes = new TextEncoder().encode(part);
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte);
    return byte < 128 && plain.test(character) ? character : `=${byte.toString(16).padStart(2, '0').toUpperCase()}`;
  }).join('');
}

function decode_part(part: string): string {
  if (part === '=') return '';
  return part.includes('=') ? decodeURIComponent(part.replaceAll('%', '%25').replaceAll('=', '%')) : part;
}

/** By code point, as every adapter lists keys. */
export function compare_keys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}
