/** Groups: year, month, day, hour, minute, second, fraction, offset. */
const rfc_3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Epoch milliseconds of an RFC 3339 date-time; null if it is none. The offset is required, so the same text is the same
 * moment on every machine. `Date.parse` alone takes the 30th of February for a day in March.
 */
export function parse_moment(text: string): number | null {
  const [, year, month, day, hour, minute, second, fraction = '', offset = ''] = rfc_3339.exec(text) ?? [];
  if (!is_day(Number(year), Number(month), Number(day))) return null;
  if (Number(hour) > 23) return null;
  // The language defines what three digits of a second mean, not what more do.
  const normal = `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}${offset.toUpperCase()}`;
  const at = Date.parse(normal);
  return Number.isNaN(at) ? null : at;
}

function is_day(year: number, month: number, day: number): boolean {
  const is_leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, is_leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}
