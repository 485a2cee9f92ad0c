/** The latest time a `Date` can represent; epoch milliseconds. */
export const lastMoment = 8.64e15;

/** Formats any number as RFC 3339, clamped to the range of `Date`: a timer may be due beyond it. */
export function isoTime(ms: number): string {
  const clamped = Math.max(-lastMoment, Math.min(ms, lastMoment));
  return new Date(Number.isNaN(clamped) ? 0 : clamped).toISOString();
}
