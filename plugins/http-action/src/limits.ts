/** Bounds of one request. Times in milliseconds, sizes in bytes. */
export interface Limits {
  /** From the first look-up to the last byte, redirects included. */
  readonly totalMs: number;
  /** Without progress: while connecting, waiting for headers, or between two pieces of the body. */
  readonly idleMs: number;
  readonly headerBytes: number;
  /** As sent, before decompression. */
  readonly responseBytes: number;
  readonly decompressedBytes: number;
  readonly redirects: number;
  /** A longer `Retry-After` counts as this. */
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
