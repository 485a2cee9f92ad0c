/** Epoch milliseconds of the last moment a `Date` can hold. */
export const lastMoment = 8.64e15;

/** RFC 3339 of any number: a timer may be due beyond the last date there is. */
export function isoTime(ms: number): string {
  const within = Math.max(-lastMoment, Math.min(ms, lastMoment));
  return new Date(Number.isNaN(within) ? 0 : within).toISOString();
}
