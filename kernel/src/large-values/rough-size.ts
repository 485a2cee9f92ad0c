import { caps, type Json } from '@llmteam/contracts';

/**
 * Whether a value's JSON text certainly fits in `limit` characters. Computes an upper bound without serializing the value, and stops
 * once the bound exceeds the limit. Cheap for small values, which are the norm; a value just under the limit may count as large.
 */
export function isSmall(value: Json, limit: number): boolean {
  return bound(value, limit) <= limit;
}

function bound(value: Json, limit: number): number {
  if (typeof value === 'string') return 6 * value.length + 2 <= limit ? 6 * value.length + 2 : textSize(value);
  if (typeof value !== 'object' || value === null) return 24;
  let size = 2;
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) {
      size += 1 + bound(item, limit - size);
      if (size > limit) return size;
    }
    return size;
  }
  for (const key in value) {
    size += 6 * key.length + 4 + bound((value as Record<string, Json>)[key] as Json, limit - size);
    if (size > limit) return size;
  }
  return size;
}

function textSize(text: string): number {
  return JSON.stringify(text).length;
}

/** What is wrong with the size of a value from outside the engine; null if it is within the cap. */
export function sizeFault(value: Json): string | null {
  if (isSmall(value, caps.value_bytes)) return null;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes <= caps.value_bytes ? null : `is ${bytes} bytes of JSON; at most ${caps.value_bytes} are allowed`;
}
