import { createHash } from 'node:crypto';

/** Registries take at least 1,024. */
const longest_key = 1_000;
const hash_length = '~sha256:'.length + 64;

/** A key of the registry for an id of any length: steps deep in loops have long names. */
export function bounded_key(prefix: string, id: string): string {
  const key = prefix + id;
  if (key.length <= longest_key) return key;
  return `${key.slice(0, longest_key - hash_length)}~sha256:${createHash('sha256').update(id).digest('hex')}`;
}
