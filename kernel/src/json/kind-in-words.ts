/** What a value is, in messages: `undefined`, `null`, `a list`, `an object`, `a string`. */
export function kindInWords(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
