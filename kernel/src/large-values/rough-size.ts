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

/** A character is at most this many bytes of UTF-8, counted in UTF-16 units. */
const bytesPerUnit = 3;

/**
 * What is wrong with the size of a value from outside the engine, or of one of its strings; null if all are within the caps. Every value
 * that enters a run, however it was parsed, passes here.
 */
export function sizeFault(value: Json): string | null {
  if (isSmall(value, caps.json_string_bytes / bytesPerUnit)) return null;
  const longest = longestString(value);
  if (longest > caps.json_string_bytes) {
    return `has a string of ${longest} bytes; at most ${caps.json_string_bytes} are allowed (cap json_string_bytes)`;
  }
  if (isSmall(value, caps.value_bytes / bytesPerUnit)) return null;
  const bytes = Buffer.byteLength(JSON.stringify(value));
  return bytes <= caps.value_bytes ? null : `is ${bytes} bytes of JSON; at most ${caps.value_bytes} are allowed`;
}

/** The size of the longest string or key in bytes, if it may exceed the cap; 0 if none does. */
function longestString(value: Json): number {
  if (typeof value === 'string') return bytesOfLong(value);
  if (typeof value !== 'object' || value === null) return 0;
  let longest = 0;
  if (!Array.isArray(value)) for (const key of Object.keys(value)) longest = Math.max(longest, bytesOfLong(key));
  for (const member of Object.values<Json>(value)) longest = Math.max(longest, longestString(member));
  return longest;
}

function bytesOfLong(text: string): number {
  return text.length * bytesPerUnit > caps.json_string_bytes ? Buffer.byteLength(text) : 0;
}
