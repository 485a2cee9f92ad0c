/** Groups: year, month, day, hour, minute, second, fraction, offset. */
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Epoch milliseconds of an RFC 3339 date-time, or null if it is not one. The offset is required so that the same text means
 * the same instant on every machine. `Date.parse` alone would accept February 30 as a day in March.
 */
export function parseMoment(text: string): number | null {
  const [, year, month, day, hour, minute, second, fraction = '', offset = ''] = rfc3339.exec(text) ?? [];
  if (!isDay(Number(year), Number(month), Number(day))) return null;
  if (Number(hour) > 23) return null;
  // ECMAScript defines only three fractional digits.
  const normal = `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}${offset.toUpperCase()}`;
  const at = Date.parse(normal);
  return Number.isNaN(at) ? null : at;
}

function isDay(year: number, month: number, day: number): boolean {
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  return days !== undefined && day >= 1 && day <= days;
}
