const longestRetryAfterSeconds = 3_600;

/** The seconds of `Retry-After` (RFC 9110, section 10.2.3), or of the milliseconds some services send in addition. Clamped to 0 … 1 h. */
export function retryAfter(headers: Readonly<Record<string, string>>, nowMs: number): number | undefined {
  const milliseconds = headers['retry-after-ms'];
  const text = headers['retry-after']?.trim() ?? '';
  const seconds = [
    milliseconds !== undefined && /^\d+$/.test(milliseconds) ? Math.ceil(Number(milliseconds) / 1_000) : Number.NaN,
    /^\d+$/.test(text) ? Number(text) : Number.NaN,
    /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text) ? Math.ceil((Date.parse(text) - nowMs) / 1_000) : Number.NaN,
  ].find((value) => !Number.isNaN(value));
  return seconds === undefined ? undefined : Math.min(Math.max(seconds, 0), longestRetryAfterSeconds);
}
