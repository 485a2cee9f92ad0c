/** Limits of one request. Times are in milliseconds, sizes in bytes. */
export interface Limits {
  /** From the first DNS lookup to the last byte, redirects included. */
  readonly totalMs: number;
  /** Time without progress: while connecting, waiting for headers, or between two chunks of the body. */
  readonly idleMs: number;
  readonly headerBytes: number;
  /** As received, before decompression. */
  readonly responseBytes: number;
  readonly decompressedBytes: number;
  readonly redirects: number;
  /** Upper bound for `Retry-After`. */
  readonly retryAfterSeconds: number;
}

export const defaultLimits: Limits = {
  totalMs: 30_000,
  idleMs: 10_000,
  headerBytes: 16 * 1024,
  responseBytes: 4 * 1024 * 1024,
  decompressedBytes: 16 * 1024 * 1024,
  redirects: 3,
  retryAfterSeconds: 3_600,
};
