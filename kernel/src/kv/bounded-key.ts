import { createHash } from 'node:crypto';

/** Every key-value store accepts keys of at least 1,024 characters. */
const longestKey = 1_000;
const hashLength = '~sha256:'.length + 64;

/** A valid key for an id of any length; steps in nested loops have long ids. */
export function boundedKey(prefix: string, id: string): string {
  const key = prefix + id;
  if (key.length <= longestKey) return key;
  return `${key.slice(0, longestKey - hashLength)}~sha256:${createHash('sha256').update(id).digest('hex')}`;
}
