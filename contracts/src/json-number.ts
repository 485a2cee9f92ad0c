/**
 * Why a number of a JSON text is refused; null if it comes out as it went in. An integer beyond ±(2^53 - 1) is refused if reading it would
 * change its digits, now or when it is written again. Fractions and exponents denote the double next to them.
 * @param literal a number as the grammar of JSON has it
 */
export function jsonNumberFault(literal: string): string | null {
  const shown = literal.length > 40 ? `${literal.slice(0, 40)}…` : literal;
  const value = Number(literal);
  if (/^-?[0-9]+$/.test(literal)) {
    if (Number.isSafeInteger(value) || String(value) === literal) return null;
    return `the integer ${shown} is beyond ±${Number.MAX_SAFE_INTEGER} and would be rounded; send it as a string`;
  }
  if (Number.isFinite(value)) return null;
  return `the number ${shown} exceeds the range of a double; send it as a string`;
}
