import { createHash } from 'node:crypto';

/** Registries take at least 1,024. */
const longestKey = 1_000;
const hashLength = '~sha256:'.length + 64;

/** A key of the registry for an id of any length: steps deep in loops have long names. */
export function boundedKey(prefix: string, id: string): string {
  const key = prefix + id;
  if (key.length <= longestKey) return key;
  return `${key.slice(0, longestKey - hashLength)}~sha256:${createHash('sha256').update(id).digest('hex')}`;
}
